"""`python -m evaluate.masks`: which share of the change in each channel a photo gets; how `mask=photo` was chosen.

A candidate scales what the binary changes with `--mask none`: red and green by one share, blue by a share that falls where
the photo has little blue, since a change of blue shows most there. `1,1,1` is the change whole.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from . import classifier, countermeasures, datasets, product
from .splits import splits

COLUMNS = ("vanilla", "grayscale", "JPEG 50")
STANDARD = (0.15, 0.1, 0.5)


def weights(cover, red_green, floor, knee):
    """Shares (H, W, 3) of a change on a cover (H, W, 3) in [0, 1]: blue's rises from `floor` at 0 to 1 at `knee`."""
    shares = np.full(cover.shape, red_green, np.float32)
    shares[..., 2] = np.clip(floor + (1 - floor) * cover[..., 2] / knee, 0, 1)
    return shares


def masked(originals, released, candidate):
    """Small pictures (N, H, W, 3), uint8, with the change that `released` shows, masked by (red_green, floor, knee)."""
    delta = released.astype(np.float32) - originals
    shares = weights(originals.astype(np.float32) / 255, *candidate)
    return np.clip(np.rint(originals + delta * shares), 0, 255).astype(np.uint8)


def measure(x, y, x_test, y_test, released, candidate, column, seed):
    """Test accuracy in percent of the narrow learner on a masked set, after a countermeasure."""
    images = countermeasures.ALL[column](masked(x, released, candidate), seed)
    recipe = classifier.Recipe(precision=classifier.fast_precision())
    return classifier.train(images, y, x_test, y_test, seed, recipe, int(y.max()) + 1)[1][-1]


def main():
    parser = argparse.ArgumentParser(prog="evaluate.masks", description="Protection of small pictures by mask.")
    parser.add_argument("--dataset", required=True, help="CIFAR-10 (evaluate/datasets.py)")
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", required=True, help="the weights file")
    parser.add_argument("--out", default="runs/masks", help="folder of the protected set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--columns", default=";".join(COLUMNS), help="separated by semicolons")
    parser.add_argument("candidates", nargs="+", help="RED_GREEN,BLUE_FLOOR,BLUE_KNEE")
    arguments = parser.parse_args()
    try:
        data = datasets.load(arguments.dataset)
        x, y, x_test, y_test = splits(data, "validation", arguments.images)
        released = product.protect(
            arguments.binary, arguments.weights, x, y, data.names, 1000 + arguments.seed, Path(arguments.out), ["--mask", "none"]
        )
    except (datasets.DatasetError, product.ProductError) as error:
        sys.exit(f"masks: {error}")
    candidates = [tuple(map(float, text.split(","))) for text in arguments.candidates]
    columns = arguments.columns.split(";")
    print("| mask (red and green, blue's floor, knee) | " + " | ".join(columns) + " |\n|---" + "|---" * len(columns) + "|")
    with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
        found = {
            candidate: [
                pool.submit(measure, x, y, x_test, y_test, released, candidate, column, arguments.seed) for column in columns
            ]
            for candidate in candidates
        }
        for candidate, cells_of in found.items():
            text = ", ".join(f"{value:g}" for value in candidate)
            print(f"| {text} | " + " | ".join(f"{cell.result():.1f}" for cell in cells_of) + " |", flush=True)


if __name__ == "__main__":
    main()
