"""One photo under one setting: measured once, kept as a JSON file."""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

import PIL

from ..record import keep
from . import metrics, pictures, released


class Task(NamedTuple):
    """A photo at a size, and what it is compared with: a PNG from the binary, or a JPEG.

    `changed` names what else the result depends on, such as file hashes, options and weights.
    """

    row: str
    photo: str
    size: str
    original: Path
    png: Path | None
    quality: int | None
    changed: dict
    quick: bool
    out: Path

    def identity(self):
        return {
            "photo": self.photo,
            "size": self.size,
            "quality": self.quality,
            "packages": f"{metrics.versions()}, Pillow {PIL.__version__}",
            **self.changed,
        }

    def path(self):
        key = hashlib.sha256(json.dumps(self.identity(), sort_keys=True).encode()).hexdigest()[:12]
        return self.out / "photos" / f"{Path(self.photo).stem}-{key}.json"


def of_variant(row, picture, size, original, png, options, tensors, quick, out):
    """The task of a photo protected by the binary."""
    changed = {
        **_hashes(picture, original),
        "options": list(options),
        "tensors_sha256": tensors,
        "released_sha256": hashlib.sha256(png.read_bytes()).hexdigest(),
    }
    return Task(row, picture.name, size, original, png, None, changed, quick, Path(out))


def of_jpeg(picture, size, original, quality, quick, out):
    """The task of a photo stored as a JPEG."""
    changed = {**_hashes(picture, original), "shift": list(pictures.JPEG_SHIFT)}
    return Task(
        f"JPEG {quality}", picture.name, size, original, None, quality, changed, quick, Path(out)
    )


def _hashes(picture, original):
    return {
        "photo_sha256": picture.digest(),
        "original_sha256": hashlib.sha256(original.read_bytes()).hexdigest(),
    }


def measure(task):
    """The record of a task; what is already known is not measured again."""
    path = task.path()
    record = json.loads(path.read_text()) if path.exists() else task.identity()
    wanted = [metrics.quick] if task.quick else [metrics.quick, metrics.slow]
    missing = [measures for measures in wanted if measures.__name__ not in record]
    if missing:
        original = released.pixels(task.original)
        changed = (
            released.pixels(task.png) if task.png else pictures.as_jpeg(original, task.quality)
        )
        for measures in missing:
            record[measures.__name__] = measures(original, changed)
        keep(path, record)
    # Keeps what other runs measured of it.
    known = [measures for measures in (metrics.quick, metrics.slow) if measures.__name__ in record]
    values = {
        name: value for measures in known for name, value in record[measures.__name__].items()
    }
    return {"row": task.row, "photo": task.photo, "size": task.size, **values}
