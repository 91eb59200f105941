"""Training covers and secrets: photo crops of mixed sizes, in batches of P classes x Q images."""

import io
import random
import tarfile
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from .semantic_images import semantic_image

SUFFIXES = {".jpg", ".jpeg", ".png", ".webp"}


class DataError(Exception):
    """The training data is missing or unusable; the message says what to do."""


def load_photos(path, exclude=(), longest=512):
    """All photos below a folder or in a tar, RGB uint8, sorted by name; skips `exclude` folders."""
    path = Path(path)
    if not path.exists():
        raise DataError(
            f"there are no training photos at '{path}': name a folder or a tar of JPEG, PNG or "
            "WebP photos"
        )

    def wanted(name):
        parts = Path(name).parts
        return Path(name).suffix.lower() in SUFFIXES and not any(part in exclude for part in parts)

    def decode(stream):
        image = Image.open(stream).convert("RGB")
        image.thumbnail((longest, longest), Image.BILINEAR)
        return np.asarray(image)

    if path.is_dir():
        photos = [decode(p) for p in sorted(path.rglob("*")) if p.is_file() and wanted(p)]
    else:
        with tarfile.open(path) as archive:
            members = sorted(
                (m for m in archive if m.isfile() and wanted(m.name)), key=lambda m: m.name
            )
            photos = [decode(io.BytesIO(archive.extractfile(m).read())) for m in members]
    photos = [p for p in photos if min(p.shape[:2]) >= 64]
    if len(photos) < 16:
        raise DataError(
            f"'{path}' holds {len(photos)} usable photos (64 px and more); training needs at least "
            "16"
        )
    return photos


def _crop(photo, size, rng, flip=True):
    """A random square crop resized to `size`.

    Its side is at least `size` and 40 % of the photo's short side, and at most the short side.
    """
    height, width = photo.shape[:2]
    short = min(height, width)
    side = rng.randint(min(short, max(size, int(0.4 * short))), short)
    top, left = rng.randint(0, height - side), rng.randint(0, width - side)
    square = Image.fromarray(photo[top : top + side, left : left + side])
    pixels = (
        np.asarray(square.resize((size, size), Image.BILINEAR, reducing_gap=2.0), dtype=np.float32)
        / 255
    )
    if flip and rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


class BatchSource:
    """Draws batches of P classes with Q covers each, all of one size drawn from `sizes`.

    Batches of every size hold about the same number of pixels: larger crops lower P, never below 1.
    With probability `photo_secrets` a class hides one photo crop in all its covers. Otherwise its
    secrets are procedural, with a new texture for every cover.
    """

    def __init__(self, photos, classes, images, sizes, photo_secrets, seed):
        self.photos, self.classes, self.images = photos, classes, images
        self.sizes, self.size_weights = [int(s) for s in sizes], list(sizes.values())
        self.photo_secrets = photo_secrets
        self.rng = random.Random(seed)

    def draw(self):
        """Returns covers and secrets (N, 3, S, S) and class labels (N,)."""
        rng = self.rng
        size = rng.choices(self.sizes, self.size_weights)[0]
        smallest = min(self.sizes)
        count = max(2, self.classes * self.images * smallest**2 // size**2)
        classes = max(1, min(self.classes, count // self.images))
        images = count // classes
        covers, secrets, labels = [], [], []
        for label in range(classes):
            if rng.random() < self.photo_secrets:
                photo = rng.choice(self.photos)
                secret = [_crop(photo, size, rng)] * images
            else:
                family, index = rng.getrandbits(64), rng.randrange(1000)
                secret = [
                    semantic_image(family, index, rng.getrandbits(64), size, size)
                    for _ in range(images)
                ]
            secrets += secret
            covers += [_crop(rng.choice(self.photos), size, rng) for _ in range(images)]
            labels += [label] * images
        to_tensor = lambda arrays: torch.from_numpy(np.stack(arrays))  # noqa: E731
        return to_tensor(covers), to_tensor(secrets), torch.tensor(labels)

    def state(self):
        return self.rng.getstate()

    def restore(self, state):
        self.rng.setstate(state)
