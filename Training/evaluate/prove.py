"""`make prove` and `make evaluate`: do classifiers trained on protected images fail?

Every cell of the table is measured once and kept, so an interrupted run resumes where it stopped.
"""

import argparse
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

# One thread per process: two processes with spinning thread teams are far slower than two single
# threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch

from . import (
    cells, classifier, columns, datasets, likeness, looks, plans, product, report, rows,
)  # fmt: skip
from .setting import Product, Setting
from .splits import splits


def _measure(cell, setting):
    return cells.measure(setting, *cell)


def _names(part, row):
    """Whether a part of `--rows` selects a row.

    It selects the row of exactly that name, else every row that contains it.
    """
    return part == row if part in rows.ALL else part in row


def main():
    parser = argparse.ArgumentParser(
        description="Measure what a classifier learns from protected images."
    )
    parser.add_argument(
        "--dataset", default="", help="CIFAR-10, CIFAR-100 or class folders (evaluate/datasets.py)"
    )
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", required=True, help="the weights file")
    parser.add_argument(
        "--backbone",
        help="EfficientNet-Lite0 for ImageNet as safetensors, for the fine-tuning column",
    )
    parser.add_argument(
        "--diffusion", help="checkpoint of evaluate.diffusion, for the AVATAR column"
    )
    parser.add_argument(
        "--size", choices=list(plans.PLANS), default="prove", help="which table (evaluate/plans.py)"
    )
    parser.add_argument(
        "--precision",
        choices=["float32", "bfloat16"],
        default=classifier.fast_precision(),
        help="of the learner's products (default: bfloat16 where that is faster)",
    )
    parser.add_argument(
        "--out", default="runs/prove", help="folder of cells, protected sets and tables"
    )
    parser.add_argument("--cache", help="folder of the protected sets (default: OUT/protected)")
    parser.add_argument("--seeds", help="seeds, separated by commas (default: those of the table)")
    parser.add_argument(
        "--split", choices=["test", "validation"], default="test", help="validation: to choose by"
    )
    parser.add_argument(
        "--rows", help="only rows whose name contains one of these, separated by semicolons"
    )
    parser.add_argument("--columns", help="only columns named so, separated by semicolons")
    parser.add_argument(
        "--measured",
        action="store_true",
        help="write the tables of what is measured already, and learn nothing",
    )
    parser.add_argument(
        "--processes", type=int, help="cells at a time (default: processors; with a GPU 1)"
    )
    arguments = parser.parse_args()
    if not arguments.dataset:
        sys.exit(
            "prove: no data set named. Get cifar-10-python.tar.gz from its authors' page, then: "
            "make prove CIFAR10=cifar-10-python.tar.gz"
        )
    plan = plans.PLANS[arguments.size]
    recipe = replace(plan.recipe, precision=arguments.precision)
    out = Path(arguments.out)
    try:
        data = datasets.load(arguments.dataset)
    except datasets.DatasetError as error:
        sys.exit(f"prove: {error}")
    tool = Product(
        arguments.binary, arguments.weights, Path(arguments.cache or out / "protected"), data.names
    )
    setting = Setting(
        arguments.dataset,
        data.digest(),
        arguments.split,
        plan.images,
        recipe,
        tool,
        out,
        arguments.backbone,
        arguments.diffusion,
    )
    seeds = [int(s) for s in arguments.seeds.split(",")] if arguments.seeds else list(plan.seeds)
    every = [
        (row, column, seed)
        for seed in seeds
        for row, names in plan.cells.items()
        for column in names
    ]
    wanted = [
        (row, column, seed)
        for row, column, seed in every
        if not arguments.rows or any(_names(part, row) for part in arguments.rows.split(";"))
        if not arguments.columns or column in arguments.columns.split(";")
    ]
    if arguments.measured:
        wanted = [cell for cell in wanted if cells.known(setting, *cell) is not None]
    for column, option, file in (
        (columns.FINE_TUNING, "--backbone", arguments.backbone),
        (columns.AVATAR, "--diffusion", arguments.diffusion),
    ):
        if not file and any(cell[1] == column for cell in wanted):
            print(
                f"prove: the column '{column}' is left out, because no {option} was named",
                file=sys.stderr,
            )
            wanted = [cell for cell in wanted if cell[1] != column]
    if not wanted:
        sys.exit(f"prove: no cell of '{arguments.size}' has such a row and column")
    try:
        x, y, _, _ = splits(data, setting.split, setting.images)
        # The binary uses every core itself, so the protected sets are made before the cells share
        # the cores.
        for row, seed in dict.fromkeys((row, seed) for row, _, seed in wanted):
            if any(
                cells.known(setting, *cell) is None
                for cell in wanted
                if cell[0] == row and cell[2] == seed
            ):
                rows.ALL[row](x, y, seed, tool)
        processes = arguments.processes or (1 if torch.cuda.is_available() else os.cpu_count() or 1)
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            measured = dict(zip(wanted, pool.map(_measure, wanted, [setting] * len(wanted))))
        # The tables show what was measured before, too, of whatever rows and columns.
        records = [measured.get(cell) or cells.known(setting, *cell) for cell in every]
        shown = [cell for cell, record in zip(every, records) if record is not None]
        records = [record for record in records if record is not None]
        made = {(row, seed) for row, _, seed in wanted} if not arguments.measured else ()
        seen = {}
        for row, seed in dict.fromkeys(
            (row, seed) for row, _, seed in shown if row not in rows.MIXTURES
        ):
            known = (
                looks.measure(setting, row, seed, x, y)
                if (row, seed) in made
                else looks.known(setting, row, seed)
            )
            if known is not None:
                seen.setdefault(row, []).append(known["median"])
        alike = None
        if any(row == rows.SAMPLE_WISE for row, _, _ in shown):
            released = rows.ALL[rows.SAMPLE_WISE](x, y, seeds[0], tool).images
            alike = likeness.likeness(x, y, released)
    except (product.ProductError, datasets.DatasetError) as error:
        sys.exit(f"prove: {error}")
    print(report.write(records, alike, seen, setting, f"{arguments.size}-{setting.split}"))


if __name__ == "__main__":
    main()
