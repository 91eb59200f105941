"""`make look`: how visible is the protection of photos?"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from .. import product
from . import metrics, pictures, released


def main():
    parser = argparse.ArgumentParser(prog="evaluate.visibility", description="Measure how visible the protection of photos is.")
    parser.add_argument("--photos", required=True, help="photos.tar, or a folder or tar of one's own photos")
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", required=True, help="the weights file")
    parser.add_argument("--options", default="", help="options of `palimpsest protect`, in one word")
    parser.add_argument("--only", default="", help="only photos whose name contains this")
    parser.add_argument("--small-only", action="store_true")
    arguments = parser.parse_args()
    chosen = [picture for picture in pictures.load(arguments.photos) if arguments.only in picture.name]
    for size in list(pictures.SIZES)[: 1 if arguments.small_only else None]:
        with tempfile.TemporaryDirectory(prefix="palimpsest-look-") as folder:
            paths = released.protect(arguments.binary, arguments.weights, chosen, size, arguments.options.split(), folder)
            scores = []
            for picture, path in zip(chosen, paths):
                scores.append(metrics.ssimulacra2(picture.pixels(size), released.pixels(path)))
                print(f"{picture.name} {size}: {scores[-1]:.1f}", flush=True)
        print(f"{size}: median {np.median(scores):.1f}, 10th percentile {np.percentile(scores, 10):.1f}, worst {min(scores):.1f}")


if __name__ == "__main__":
    main()
