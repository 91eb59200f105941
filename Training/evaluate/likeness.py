"""`python -m evaluate.likeness`: how alike the changes of two photos of a class are, by mode and mask.

A change that does not depend on the photo correlates by 1, and is found by averaging.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

from . import photo_table, photos, product

FAMILY_SEED, EACH, SIDE = 7, 8, 224


def likeness(x, y, released, each=EACH):
    """Mean correlation of the changes, and their mean difference in levels.

    `x` and `released` are uint8 (N, H, W, 3), `y` the labels; all pairs of the first `each`
    pictures of each class count.
    """
    delta = released.astype(np.float32) - x
    correlations, differences = [], []
    for label in np.unique(y):
        changes = delta[np.flatnonzero(y == label)[:each]].reshape(-1, delta[0].size)
        above = np.triu_indices(len(changes), 1)
        correlations.append(np.corrcoef(changes)[above])
        differences.append(np.abs(changes[above[0]] - changes[above[1]]).mean(1))
    return {
        "delta_correlation_same_class": float(np.concatenate(correlations).mean()),
        "delta_mean_difference_same_class": float(np.concatenate(differences).mean()),
    }


def main():
    parser = argparse.ArgumentParser(prog="evaluate.likeness")
    parser.add_argument("--dataset", required=True, help="as for evaluate.photo_table")
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", required=True, help="the weights file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="palimpsest-likeness-") as folder:
        try:
            learnt, _, names = photo_table.gather(arguments.dataset, folder, EACH, 0)
            x = np.stack([
                np.asarray(Image.open(path).convert("RGB").resize((SIDE, SIDE)))
                for path, _ in learnt
            ])
            y = np.array([label for _, label in learnt])
            for mode in ("sample-wise", "class-wise"):
                for mask in ("photo", "none"):
                    released = product.protect(
                        arguments.binary, arguments.weights, x, y, list(names), FAMILY_SEED,
                        Path(folder), ("--mode", mode, "--mask", mask),
                    )  # fmt: skip
                    found = likeness(x, y, released)
                    print(
                        f"{mode}, mask {mask}: correlation "
                        f"{found['delta_correlation_same_class']:.2f}, mean difference "
                        f"{found['delta_mean_difference_same_class']:.2f} levels",
                        flush=True,
                    )
        except (photos.PhotosError, product.ProductError) as error:
            sys.exit(f"likeness: {error}")


if __name__ == "__main__":
    main()
