"""The README's picture: a photo, the same one protected with standard settings, and the difference.

Below is the part of a second photo where the change is most visible, at 100 %. Prints the figures
for the caption.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from PIL import Image

from .. import product
from . import metrics, released, sheet

WEIGHTS = "Sources/DeepHiding/Resources/deep-hiding.safetensors"


def parts(original, protected, crop=None):
    """Original, protected and difference side by side.

    With `crop` (width, height), only the part where the change is most visible.
    """
    if crop:
        top, left = sheet.worst_place(original, protected, *crop)
        original, protected = (
            image[top : top + crop[1], left : left + crop[0]] for image in (original, protected)
        )
    return sheet.beside([original, protected, sheet.difference(original, protected)])


def main():
    parser = argparse.ArgumentParser(
        prog="evaluate.visibility.before_after", description="Draw the README's picture."
    )
    parser.add_argument("--whole", required=True, help="the photo that is shown whole")
    parser.add_argument(
        "--crop",
        required=True,
        help="the photo of which a part is shown, no smaller than the other",
    )
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", default=WEIGHTS, help="the weights file")
    parser.add_argument("--out", required=True, help="the picture, a PNG")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory(prefix="palimpsest-look-") as folder:
            pairs = _protected([arguments.whole, arguments.crop], arguments, Path(folder))
    except (product.ProductError, OSError) as error:
        sys.exit(f"before-after: {error}")
    (whole, protected), second = pairs
    size = (whole.shape[1], whole.shape[0])
    drawn = sheet.under([parts(whole, protected), parts(*second, crop=size)])
    Image.fromarray(drawn).save(arguments.out, optimize=True)
    for name, pair in zip((arguments.whole, arguments.crop), pairs):
        values = metrics.quick(*pair)
        largest = max(values["largest_delta_by_texture"])
        print(
            f"{name}: SSIMULACRA2 {values['ssimulacra2']:.1f}, PSNR {values['psnr']:.1f} dB, "
            f"SSIM {values['ssim']:.3f}, largest change {largest}/255"
        )


def _protected(names, arguments, folder):
    """(original, protected) of each photo, uint8, in the order of `names`; each is a class."""
    originals = [
        folder / "in" / f"class{i}" / f"{Path(name).stem}.png" for i, name in enumerate(names)
    ]
    for path, name in zip(originals, names):
        path.parent.mkdir(parents=True)
        with Image.open(name) as image:
            image.convert("RGB").save(path)
    pngs = released.protect(arguments.binary, arguments.weights, originals, [], folder / "out")
    return [
        tuple(np.array(released.pixels(path)) for path in pair) for pair in zip(originals, pngs)
    ]


if __name__ == "__main__":
    main()
