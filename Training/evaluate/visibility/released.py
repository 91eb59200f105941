"""What the product's binary makes of the photos."""

import subprocess
from pathlib import Path

import numpy as np
from PIL import Image

from .. import product

FAMILY_SEED = 1
# Each class hides another image, so that the measures are those of the family and not of one image.
CLASSES = 10


def protect(binary, weights, pictures, size, options, folder):
    """Protects the photos at a size by one call of the binary with `options`; returns the results' paths in their order.

    Works in `folder`. Photo i is in class i modulo ten.
    """
    sources, results = Path(folder) / "in", Path(folder) / "out"
    places = [f"class{i % CLASSES}/{i:04d}.png" for i in range(len(pictures))]
    for place, picture in zip(places, pictures):
        (sources / place).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.pixels(size)).save(sources / place, compress_level=1)
    command = [str(binary), "protect", str(sources), "--out", str(results), "--quiet"]
    command += ["--weights", str(weights), "--family-seed", str(FAMILY_SEED), *options]
    outcome = subprocess.run(command, capture_output=True, text=True)
    if outcome.returncode != 0:
        raise product.ProductError(f"{' '.join(command)} ended with {outcome.returncode}: {outcome.stderr[-2000:]}")
    return [results / place for place in places]


def pixels(path):
    """uint8 (H, W, 3) of a PNG."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))
