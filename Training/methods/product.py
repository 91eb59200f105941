"""Runs the product's own binary over arrays of images: PNG files in, PNG files out."""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image


class ProductError(Exception):
    """The binary failed; the message holds its output."""


def protect(binary, weights, pixels, labels, names, options=()):
    """Protects uint8 images (N, H, W, 3) by `palimpsest protect`; raises ProductError."""
    with tempfile.TemporaryDirectory(prefix="palimpsest-protect-") as folder:
        sources, results = Path(folder) / "in", Path(folder) / "out"
        for name in names:
            (sources / name).mkdir(parents=True)
        for i, (image, label) in enumerate(zip(pixels, labels)):
            Image.fromarray(image).save(sources / names[label] / f"{i:05d}.png", compress_level=1)
        command = [str(binary), "protect", str(sources), "--out", str(results)]
        command += ["--weights", str(weights), *options]
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
