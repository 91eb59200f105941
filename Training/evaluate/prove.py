"""`make prove`: does a classifier trained on protected images fail on clean ones? One table, resumable by cell."""

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

# One thread a process: two processes with a spinning team each are far slower than two single threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from deephiding import weights

from . import cifar10, classifier, countermeasures, perturbations, product, report

TRAIN_IMAGES = 10_000
VALIDATION_IMAGES = 3_000
# (row, columns): controls are measured as they are, the clean and the shipped row also under countermeasures.
ROWS = {
    "clean": ("vanilla", "JPEG 50", "grayscale"),
    "random noise (control)": ("vanilla",),
    "smooth noise": ("vanilla",),
    "palimpsest": ("vanilla", "JPEG 50", "grayscale"),
    "palimpsest, fresh secrets": ("vanilla",),
}


def splits(data, split):
    """Training and evaluation images: both from the training set while choosing (`validation`), else the test set.

    The two use different training images, so that nothing chosen on one is tuned to the other.
    """
    x, y = data["x_train"], data["y_train"]
    if split == "validation":
        held = slice(len(x) - VALIDATION_IMAGES, len(x))
        return x[:TRAIN_IMAGES], y[:TRAIN_IMAGES], x[held], y[held]
    chosen = slice(2 * TRAIN_IMAGES, 3 * TRAIN_IMAGES)
    return x[chosen], y[chosen], data["x_test"], data["y_test"]


def training_images(row, x, y, seed, arguments):
    """The training images of a row, before any countermeasure."""
    if row == "clean":
        return x
    if row == "random noise (control)":
        return perturbations.random_noise(x, y, seed)
    if row == "smooth noise":
        return perturbations.smooth_noise(x, y, seed)
    options = ["--fresh-semantic-images"] if "fresh" in row else []
    cache = Path(arguments.cache or Path(arguments.out) / "protected")
    return product.protect(
        arguments.binary, arguments.weights, x, y, cifar10.CLASSES, report.family_seed(seed), cache, options
    )


def run_cell(cell, arguments):
    """Measures one cell and writes its JSON; returns the record. A cell already there is not measured again."""
    row, column, seed = cell
    slug = f"{arguments.split}-{row}-{column}-{seed}".replace(" ", "_").replace(",", "").replace("(", "").replace(")", "")
    path = Path(arguments.out) / "cells" / f"{slug}.json"
    identity = {
        "row": row,
        "column": column,
        "seed": seed,
        "split": arguments.split,
        "epochs": classifier.EPOCHS,
        "widths": list(classifier.WIDTHS),
        "batch": classifier.BATCH,
        "pad": classifier.PAD,
    }
    if "palimpsest" in row:
        identity["tensors_sha256"] = weights.tensors_sha256(arguments.weights)
    if path.exists():
        record = json.loads(path.read_text())
        if all(record.get(k) == v for k, v in identity.items()):
            return record
    torch.set_num_threads(1)
    started = time.monotonic()
    x, y, x_test, y_test = splits(cifar10.load(arguments.cifar10), arguments.split)
    released = training_images(row, x, y, seed, arguments)
    difference = released.astype(np.int16) - x
    mse = float((difference.astype(np.float64) ** 2).mean())
    _, history = classifier.train(countermeasures.ALL[column](released), y, x_test, y_test, seed)
    record = {
        **identity,
        "accuracy": history[-1],
        "peak": max(history),
        "history": history,
        "psnr": 10 * float(np.log10(255**2 / mse)) if mse else None,
        "largest_delta": int(np.abs(difference).max()),
        "seconds": time.monotonic() - started,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(record, indent=1))
    partial.rename(path)
    print(f"{row} / {column} / seed {seed}: {record['accuracy']:.2f} % ({record['seconds']:.0f} s)", flush=True)
    return record


def main():
    parser = argparse.ArgumentParser(description="Measure what a classifier learns from protected CIFAR-10 images.")
    parser.add_argument("--cifar10", default="", help="CIFAR-10 as cifar-10-python.tar.gz, its folder, or lossless mosaics")
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", required=True, help="the weights file")
    parser.add_argument("--out", default="runs/prove", help="folder of cells, protected sets and tables")
    parser.add_argument("--cache", help="folder of the protected sets (default: OUT/protected)")
    parser.add_argument("--seeds", default="0", help="seeds, separated by commas")
    parser.add_argument("--split", choices=["test", "validation"], default="test", help="validation: to choose by")
    parser.add_argument("--rows", default=",".join(str(i) for i in range(len(ROWS))), help="numbers of the rows to run")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="cells at a time")
    arguments = parser.parse_args()
    if not arguments.cifar10:
        sys.exit("prove: no CIFAR-10 named. Get cifar-10-python.tar.gz from its authors' page, then: "
                 "make prove CIFAR10=cifar-10-python.tar.gz")  # fmt: skip
    try:
        data = cifar10.load(arguments.cifar10)
        names = [list(ROWS)[int(i)] for i in arguments.rows.split(",")]
        seeds = [int(s) for s in arguments.seeds.split(",")]
        # The binary uses every core itself, so the protected sets are made before the cells share the cores.
        x, y, _, _ = splits(data, arguments.split)
        for seed in seeds:
            for row in names:
                training_images(row, x, y, seed, arguments)
    except (cifar10.DatasetError, product.ProductError) as error:
        sys.exit(f"prove: {error}")
    cells = [(row, column, seed) for seed in seeds for row in names for column in ROWS[row]]
    with ProcessPoolExecutor(arguments.processes, mp_context=get_context("spawn")) as pool:
        records = list(pool.map(run_cell, cells, [arguments] * len(cells)))
    revealed = None
    if "palimpsest" in names:
        released = training_images("palimpsest", x, y, seeds[0], arguments)
        revealed = report.secrets(x, y, arguments.weights, released, seeds[0])
    print(report.write(records, revealed, arguments))


if __name__ == "__main__":
    main()
