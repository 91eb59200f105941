"""The labelled pictures of a folder, as a set to be fitted to: one folder per class."""

import os
import unicodedata
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
# Fewer give a surrogate nothing to learn; the paper's sets have thousands.
LEAST, LEAST_EACH, MOST_CLASSES = 500, 20, 100
# Larger pictures are learnt from at this side; smaller ones at their own, but not below LOWEST.
LARGEST, LOWEST = 64, 16


class SetError(Exception):
    """Why a folder cannot be fitted to, in one sentence for its owner."""


@dataclass(frozen=True)
class LabelledSet:
    """uint8 pictures (N, side, side, 3), labels (N,), class names, and what is worth saying."""

    pixels: np.ndarray
    labels: np.ndarray
    names: tuple
    remarks: tuple

    @property
    def side(self):
        return self.pixels.shape[1]


def read(folder, view=None, side=None, is_learnt=True):
    """The pictures of FOLDER/CLASS, at any depth below it; central squares at one side.

    Hidden files and what is no picture by its suffix are passed over. A picture that cannot be
    read is left out with a remark. `view` is how whole pictures are seen, uint8 (N, H, W, 3).
    `side` is that which the squares get, if not the set's own. A set that nothing is learnt from may
    be small.
    Raises SetError, before a picture is decoded if possible.
    """
    root = Path(folder)
    if not root.is_dir():
        raise SetError(f"'{folder}' is not a folder; name one that holds a folder for each class.")
    classes = _classes(root)
    if is_learnt:
        _require_enough(classes, folder)
    remarks = []
    sizes = {path: _size(path, remarks) for paths in classes.values() for path in paths}
    sizes = {path: size for path, size in sizes.items() if size}
    shortest = min((min(size) for size in sizes.values()), default=0)
    if sizes and shortest < LOWEST:
        smallest = min(sizes, key=lambda path: min(sizes[path]))
        raise SetError(
            f"'{smallest}' has {sizes[smallest][0]} x {sizes[smallest][1]} pixels; every side must "
            f"have at least {LOWEST}. Take it out of the set, or enlarge it."
        )
    side = side or min(shortest, LARGEST) // 2 * 2
    pixels, labels, names, kept = [], [], tuple(classes), {name: [] for name in classes}
    for label, (name, paths) in enumerate(classes.items()):
        for path in paths:
            if path in sizes:
                picture = _square(path, side, view, remarks)
                if picture is not None:
                    pixels.append(picture)
                    labels.append(label)
                    kept[name].append(path)
    if is_learnt:
        _require_enough(kept, folder, "that can be read")
    elif not pixels:
        raise SetError(f"'{folder}' holds no pictures in a folder for each class.")
    different = sorted(set(sizes.values()), key=lambda size: size[0] * size[1])
    if len(different) > 1 or different[0] != (side, side):
        (w, h), (wide, high) = different[0], different[-1]
        remarks.append(
            f"The pictures have {w} x {h} to {wide} x {high} pixels; the fit learns from their "
            f"central squares at {side} x {side}."
        )
    return LabelledSet(np.stack(pixels), np.array(labels), names, tuple(remarks))


def _classes(root):
    """{class: paths}, both sorted by name; labels in NFC, as the service writes them."""
    found = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        if folder.name.startswith("."):
            continue
        paths = sorted(
            path
            for path in _files(folder)
            if path.suffix.lower() in SUFFIXES and not path.name.startswith(".") and path.is_file()
        )
        if paths:
            found.setdefault(unicodedata.normalize("NFC", folder.name), []).extend(paths)
    return found


def _files(folder):
    """All files below a folder; raises SetError for one whose files cannot be listed."""

    def refuse(error):
        raise SetError(f"'{error.filename}' cannot be read: {error.strerror}.")

    for parent, _, names in os.walk(folder, onerror=refuse):
        yield from (Path(parent) / name for name in names)


def _require_enough(classes, folder, which="of a kind that is read (PNG, JPEG, WebP)"):
    count = sum(map(len, classes.values()))
    if len(classes) < 2:
        there = f"only the class {next(iter(classes))}" if classes else "no folder of pictures"
        raise SetError(
            f"'{folder}' holds {there}; the fit tells classes apart, so it needs a folder for each "
            "of at least 2."
        )
    if len(classes) > MOST_CLASSES:
        raise SetError(
            f"'{folder}' has {len(classes)} classes; at most {MOST_CLASSES} can be fitted."
        )
    if count < LEAST:
        raise SetError(
            f"'{folder}' has {count} pictures {which}; the fit needs at least {LEAST}, since a "
            "network learns nothing from fewer. Deep hiding protects any number, and needs no set."
        )
    fewest = min(classes, key=lambda name: len(classes[name]))
    if len(classes[fewest]) < LEAST_EACH:
        raise SetError(
            f"The class {fewest} has {len(classes[fewest])} pictures {which}; the fit needs at "
            f"least {LEAST_EACH} of each class."
        )


def _size(path, remarks):
    """Width and height as the picture is shown; None and a remark if it cannot be opened."""
    try:
        with Image.open(path) as image:
            turned = image.getexif().get(0x0112, 1) in (5, 6, 7, 8)
            return image.size[::-1] if turned else image.size
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        remarks.append(f"Left out '{path}', which is not a picture that can be read: {error}.")
        return None


def _square(path, side, view, remarks):
    try:
        with Image.open(path) as image:
            if not view:
                image.draft("RGB", (2 * side, 2 * side))
            upright = ImageOps.exif_transpose(image).convert("RGB")
            if view:
                upright = Image.fromarray(view(np.asarray(upright)[None])[0])
            return np.asarray(ImageOps.fit(upright, (side, side), Image.BILINEAR))
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        remarks.append(f"Left out '{path}', which is broken: {error}.")
        return None
