"""`python -m evaluate.masks`: visibility and protection by mask; how `mask=photo` was chosen.

A candidate scales the perturbation that the binary makes with `--mask none`. Red and green share
one factor. Blue's factor falls where the photo has little blue, since a change of blue is most
visible there. `1,1,1,1` keeps the whole perturbation. Photos judge candidates by SSIMULACRA2 at
both sizes of `make look`, a data set by what a network learns.
"""

import argparse
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from PIL import Image

from . import classifier, countermeasures, datasets, product
from .splits import splits
from .visibility import metrics, pictures, released

COLUMNS = ("vanilla", "grayscale", "JPEG 50")
# Short side in pixels at which the binary computes the perturbation and the mask.
WORKING_SIZE = 128


def weights(cover, red_green, floor, knee, blue):
    """Factors (H, W, 3) for a cover (H, W, 3) in [0, 1].

    Blue's rises from `floor` at 0 to `blue` at `knee`.
    """
    shares = np.full(cover.shape, red_green, np.float32)
    shares[..., 2] = floor + (blue - floor) * np.minimum(cover[..., 2] / knee, 1)
    return shares


def masked(original, changed, candidate):
    """A uint8 image (H, W, 3) with the perturbation of `changed`, masked.

    A candidate is (red_green, floor, knee, blue).
    """
    height, width = original.shape[:2]
    scale = min(1, WORKING_SIZE / min(height, width))
    small = Image.fromarray(original).resize(
        (round(width * scale), round(height * scale)), Image.BOX
    )
    shares = weights(np.asarray(small).astype(np.float32) / 255, *candidate)
    planes = [
        Image.fromarray(shares[..., i]).resize((width, height), Image.BILINEAR) for i in range(3)
    ]
    delta = changed.astype(np.float32) - original
    return np.clip(np.rint(original + delta * np.stack(planes, -1)), 0, 255).astype(np.uint8)


def seen(original, changed, candidates):
    """SSIMULACRA2 of a photo under each candidate; `original` and `changed` are paths."""
    before, after = released.pixels(original), released.pixels(changed)
    return [
        metrics.ssimulacra2(before, masked(before, after, candidate)) for candidate in candidates
    ]


def learnt(x, y, x_test, y_test, changed, candidate, column, seed):
    """Test accuracy in percent of the narrow network on a masked set, after a countermeasure."""
    images = np.stack([masked(*pair, candidate) for pair in zip(x, changed)])
    recipe = classifier.Recipe(precision=classifier.fast_precision())
    images = countermeasures.ALL[column](images, seed)
    return classifier.train(images, y, x_test, y_test, seed, recipe, int(y.max()) + 1)[1][-1]


def _rows(titles, candidates, rows):
    print(
        "| red and green, blue's floor, knee, most | "
        + " | ".join(titles)
        + " |\n|---"
        + "|---" * len(titles)
        + "|"
    )
    for candidate, row in zip(candidates, rows):
        text = ", ".join(f"{value:g}" for value in candidate)
        print(f"| {text} | " + " | ".join(f"{value:.1f}" for value in row) + " |", flush=True)


def _photos(arguments, candidates, pool):
    chosen = [
        picture for picture in pictures.load(arguments.photos) if arguments.only in picture.name
    ]
    for size in pictures.SIZES:
        with tempfile.TemporaryDirectory(prefix="palimpsest-masks-") as folder:
            originals = released.sources(chosen, size, Path(folder) / "in")
            options = ["--mask", "none"]
            changed = released.protect(
                arguments.binary, arguments.weights, originals, options, Path(folder) / "out"
            )
            scores = np.array(list(pool.map(seen, originals, changed, [candidates] * len(chosen))))
        print(f"\n{len(chosen)} photos, {size}, SSIMULACRA2:\n")
        figures = zip(np.median(scores, 0), np.percentile(scores, 10, 0), scores.min(0))
        _rows(("median", "10th percentile", "worst"), candidates, figures)


def _dataset(arguments, candidates, pool):
    data = datasets.load(arguments.dataset)
    x, y, x_test, y_test = splits(data, "validation", arguments.images)
    changed = product.protect(
        arguments.binary, arguments.weights, x, y, data.names, 1000 + arguments.seed,
        Path(arguments.out),
        ["--mask", "none"],
    )  # fmt: skip
    columns = arguments.columns.split(";")
    print(f"{len(x)} pictures, validation split, accuracy in percent:\n")
    cells = [
        [
            pool.submit(learnt, x, y, x_test, y_test, changed, c, column, arguments.seed)
            for column in columns
        ]
        for c in candidates
    ]
    _rows(columns, candidates, ([cell.result() for cell in row] for row in cells))


def main():
    parser = argparse.ArgumentParser(
        prog="evaluate.masks", description="Visibility and protection by mask."
    )
    parser.add_argument("--photos", help="photos.tar, or a folder of photos, to look at")
    parser.add_argument("--only", default="", help="only photos whose name contains this")
    parser.add_argument("--dataset", help="CIFAR-10, to learn from (evaluate/datasets.py)")
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", required=True, help="the weights file")
    parser.add_argument("--out", default="runs/masks", help="folder of the protected set")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--images", type=int, default=10_000)
    parser.add_argument("--columns", default=";".join(COLUMNS), help="separated by semicolons")
    parser.add_argument("candidates", nargs="+", help="RED_GREEN,BLUE_FLOOR,BLUE_KNEE,BLUE")
    arguments = parser.parse_args()
    if not arguments.photos and not arguments.dataset:
        sys.exit(
            "masks: name photos to look at (--photos), a data set to learn from (--dataset), or "
            "both"
        )
    candidates = [tuple(map(float, text.split(","))) for text in arguments.candidates]
    try:
        with ProcessPoolExecutor(os.cpu_count() or 1, mp_context=get_context("spawn")) as pool:
            if arguments.photos:
                _photos(arguments, candidates, pool)
            if arguments.dataset:
                _dataset(arguments, candidates, pool)
    except (datasets.DatasetError, pictures.PicturesError, product.ProductError) as error:
        sys.exit(f"masks: {error}")


if __name__ == "__main__":
    main()
