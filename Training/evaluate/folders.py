"""A data set of class folders: train/CLASS/*.jpg and test/CLASS/*.jpg, or val in place of test."""

import io

import numpy as np
from PIL import Image, ImageOps

from .dataset import Dataset, DatasetError

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}
LARGEST_SIDE = 224


def _parts(files):
    """{'train': {class: [path, ...]}, 'test': ...}, classes and paths sorted by name."""
    parts = {}
    for path in sorted(files):
        if path.suffix.lower() in SUFFIXES and len(path.parts) >= 3:
            part = "test" if path.parts[-3] == "val" else path.parts[-3]
            parts.setdefault(part, {}).setdefault(path.parts[-2], []).append(path)
    return parts


def knows(names, files):
    """Whether the files have this layout."""
    return {"train", "test"} <= _parts(files).keys()


def read(files):
    """The data set, with the central square of each image resized to one common side.

    The side is that of the smallest image, at most 224 pixels.
    """
    parts = _parts(files)
    names = tuple(sorted(parts["train"]))
    if set(parts["test"]) - set(names):
        raise DatasetError(
            f"the classes {sorted(set(parts['test']) - set(names))} are tested but never learnt"
        )

    def opened(path):
        try:
            return Image.open(io.BytesIO(files[path])).convert("RGB")
        except OSError as error:
            raise DatasetError(f"'{path}' is no picture: {error}") from error

    chosen = [
        path
        for classes in (parts["train"], parts["test"])
        for paths in classes.values()
        for path in paths
    ]
    side = min(LARGEST_SIDE, *(min(Image.open(io.BytesIO(files[path])).size) for path in chosen))

    def arrays(classes):
        pairs = [(path, names.index(name)) for name, paths in classes.items() for path in paths]
        images = [
            np.asarray(ImageOps.fit(opened(path), (side, side), Image.BILINEAR))
            for path, _ in pairs
        ]
        # Shuffled, so that the first n images cover all classes.
        order = np.random.default_rng(0).permutation(len(pairs))
        return (
            np.stack(images)[order], np.array([label for _, label in pairs], dtype=np.uint8)[order]
        )

    return Dataset(*arrays(parts["train"]), *arrays(parts["test"]), names)
