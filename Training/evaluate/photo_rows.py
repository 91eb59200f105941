"""Photos as trainers get them: at phone size, perturbed, passed on as JPEG, scaled to 256x256.

A row is made and kept class by class, so an interrupted run resumes at the class where it stopped.
"""

import hashlib
import io
import json
import os
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from deephiding import weights
from PIL import Image

from . import photos


@dataclass(frozen=True)
class Way:
    """How photos travel.

    `enlarged` is the short side in pixels to which each is first resized (None: its own). `quality`
    is that of the site's JPEG (None: pixels are passed on unchanged).
    """

    enlarged: int | None = 1600
    quality: int | None = 85


class AsTheyAre:
    """The unchanged photos."""

    def identity(self):
        return "as they are"

    def changed(self, label, photo):
        return photo


@dataclass(frozen=True)
class Marked:
    """One pattern per class, (K, S, S, 3) in levels.

    It is upscaled by nearest neighbour onto the central square of a photo.
    """

    patterns: np.ndarray

    def identity(self):
        return hashlib.sha256(self.patterns.tobytes()).hexdigest()

    def changed(self, label, photo):
        side = min(photo.size)
        top, left = (photo.height - side) // 2, (photo.width - side) // 2
        place = np.arange(side) * self.patterns.shape[1] // side
        pixels = np.asarray(photo).astype(np.float32)
        pixels[top : top + side, left : left + side] += self.patterns[label][place[:, None], place]
        return Image.fromarray(np.clip(np.rint(pixels), 0, 255).astype(np.uint8))


@dataclass(frozen=True)
class Publication:
    """How an owner publishes protected photos: format, quality, and the longer side in pixels.

    Without a side photos keep their size.
    """

    format: str
    quality: int
    side: int | None = None

    @classmethod
    def named(cls, text):
        """The publication that a text such as "jpeg 92 2048" names.

        Raises PhotosError for anything else.
        """
        words = text.split()
        if (
            len(words) not in (2, 3)
            or words[0] not in ("jpeg", "webp")
            or not all(word.isdecimal() for word in words[1:])
        ):
            raise photos.PhotosError(
                f"'{text}' must be a format, a quality and perhaps a longer side, such as "
                "'jpeg 92 2048' or 'webp 80'"
            )
        return cls(words[0], *map(int, words[1:]))

    def options(self):
        """The options of `protect`; the binary scales and encodes."""
        side = () if self.side is None else ("--max-side", str(self.side))
        return ("--format", self.format, "--quality", str(self.quality), *side)

    def __str__(self):
        size = "" if self.side is None else f" at {self.side:,} px"
        return f"published as {self.format} {self.quality}{size}"


@dataclass(frozen=True)
class Protected:
    """Protected by the binary with options that name the mask.

    The identity has the network that the mask calls for, not the binary itself.
    """

    binary: str
    weights: str
    options: tuple
    seed: int

    def identity(self):
        network = weights.network_sha256(self.weights, "photo" in self.options)
        return [list(self.options), self.seed, network]


def passed_on(photo, quality):
    """A photo as downloaded from the site."""
    if quality is None:
        return photo
    stream = io.BytesIO()
    photo.save(stream, "JPEG", quality=quality)
    return Image.open(stream).convert("RGB")


def load(folder, rows, name, learnt, way):
    """The pixels of a row, uint8 (N, 256, 256, 3) in the order of `learnt`.

    None if a class is missing.
    """
    parts = [
        _part(folder, rows[name], way, label, paths) for label, paths in _classes(learnt).items()
    ]
    return (
        np.concatenate([np.load(part) for part in parts])
        if all(part.exists() for part in parts)
        else None
    )


def make(folder, rows, learnt, way):
    """Makes what is missing of the rows {name: AsTheyAre, Marked or Protected}.

    `learnt` is (path, label), sorted by label.
    """
    for label, paths in _classes(learnt).items():
        parts = {name: _part(folder, row, way, label, paths) for name, row in rows.items()}
        missing = [name for name, part in parts.items() if not part.exists()]
        if not missing:
            continue
        with tempfile.TemporaryDirectory(prefix="palimpsest-photos-") as work:
            photos.sources([(path, label) for path in paths], work, way.enlarged)
            place = Path(work) / f"c{label}"
            for name in missing:
                _write(parts[name], _released(rows[name], place, label, way, parts[name].parent))
                print(f"made: {name}, class {label}", file=sys.stderr, flush=True)


def _classes(learnt):
    classes = {}
    for path, label in learnt:
        classes.setdefault(label, []).append(path)
    return classes


def _part(folder, row, way, label, paths):
    facts = json.dumps([row.identity(), way.enlarged, way.quality])
    photos_of = json.dumps([label, *(Path(path).name for path in paths)])
    keys = [hashlib.sha256(text.encode()).hexdigest()[:12] for text in (facts, photos_of)]
    return Path(folder) / keys[0] / f"{label}-{keys[1]}.npy"


def _write(part, pixels):
    part.parent.mkdir(parents=True, exist_ok=True)
    partial = part.with_suffix(f".{os.getpid()}.partial.npy")
    np.save(partial, pixels)
    partial.rename(part)


def _released(row, place, label, way, kept):
    """The photos of one class, (n, 256, 256, 3), by number."""
    if isinstance(row, Protected):
        released = photos.protected(
            row.binary, row.weights, place, kept / "released", row.seed, row.options
        )
    else:
        released = (row.changed(label, photos.opened(path)) for path in sorted(place.iterdir()))
    return np.stack([photos.stored(passed_on(photo, way.quality)) for photo in released])
