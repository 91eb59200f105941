"""Runs the product's own binary over arrays of images: PNG files in, PNG files out."""

import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from deephiding.weights import tensors_sha256
from PIL import Image

from . import cache


class ProductError(Exception):
    """The binary failed; the message holds its output."""


def protect(binary, weights, pixels, labels, names, family_seed, folder, options=()):
    """Protects uint8 images (N, H, W, 3) by `palimpsest protect`; caches in `folder`."""
    settings = json.dumps(
        [tensors_sha256(weights), family_seed, list(options), list(names)]
    ).encode()
    parts = (Path(binary).read_bytes(), pixels.tobytes(), labels.tobytes(), settings)
    return cache.stored(
        folder,
        parts,
        lambda: _protect(binary, weights, pixels, labels, names, family_seed, options),
    )


def _protect(binary, weights, pixels, labels, names, family_seed, options):
    with tempfile.TemporaryDirectory(prefix="palimpsest-prove-") as folder:
        sources, results = Path(folder) / "in", Path(folder) / "out"
        for name in names:
            (sources / name).mkdir(parents=True)
        for i, (image, label) in enumerate(zip(pixels, labels)):
            Image.fromarray(image).save(sources / names[label] / f"{i:05d}.png", compress_level=1)
        command = [str(binary), "protect", str(sources), "--out", str(results)]
        command += ["--weights", str(weights), "--family-seed", str(family_seed), *options]
        outcome = subprocess.run(command, capture_output=True, text=True)
        if outcome.returncode != 0:
            raise ProductError(
                f"{' '.join(command)} ended with {outcome.returncode}: {outcome.stderr[-2000:]}"
            )
        released = np.stack(
            [
                np.asarray(Image.open(results / names[label] / f"{i:05d}.png"))
                for i, label in enumerate(labels)
            ]
        )
    if released.shape != pixels.shape:
        raise ProductError(f"the binary made images of shape {released.shape}, not {pixels.shape}")
    return released


def assignment(family_seed, label):
    """(family seed, class index, texture seed) that the binary assigns to a class, as documented.

    Class folders are taken in order of name, so the index of a CIFAR-10 class is its label.
    """
    text = f"palimpsest texture\n{family_seed}\n{label}".encode()
    return family_seed, label, int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
