"""Protects the photos with the product's binary."""

import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

from .. import product

FAMILY_SEED = 1
# Each class hides another image, so the figures are those of the family rather than of one image.
CLASSES = 10


def sources(pictures, size, folder):
    """Writes the photos at a size as PNGs, photo i into class i modulo ten; returns the paths."""
    paths = [Path(folder) / f"class{i % CLASSES}" / f"{i:04d}.png" for i in range(len(pictures))]
    for path, picture in zip(paths, pictures):
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.pixels(size)).save(path, compress_level=1)
    return paths


def protect(binary, weights, originals, options, folder):
    """Protects the files of `sources` in one call of the binary with `options`.

    Returns the results in the same order.
    """
    command = [
        str(binary), "protect", str(originals[0].parents[1]), "--out", str(folder), "--quiet"
    ]
    command += ["--weights", str(weights), "--family-seed", str(FAMILY_SEED), *options]
    # A single class has to be named: the binary takes a folder's only subfolder as its root.
    if len({path.parent for path in originals}) == 1:
        command += ["--class", originals[0].parent.name]
    outcome = subprocess.run(command, capture_output=True, text=True)
    if outcome.returncode != 0:
        raise product.ProductError(
            f"{' '.join(command)} ended with {outcome.returncode}: {outcome.stderr[-2000:]}"
        )
    return [Path(folder) / path.parent.name / path.name for path in originals]


def pixels(path):
    """uint8 (H, W, 3) of a PNG."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
