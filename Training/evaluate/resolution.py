"""`python -m evaluate.resolution`: protection of large photos, by working size.

Photos are enlarged to phone size, protected by the binary at several working sizes, scaled down to
256 pixels as data sets are, and trained on with random crops of 8 to 100 % of their area resized to
224x224. A row is measured once and kept, so an interrupted run resumes where it stopped.
"""

import argparse
import datetime
import hashlib
import json
import os
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
from deephiding import weights

from . import machine, perturbations, photos, product

ENLARGED, SIZES, EPOCHS = 1600, (128, 256, 512), 25
# The sizes of the standard mode that are measured: the standard size and the former one.
STANDARD, FORMER = 128, 256
CLEAN, CONTROL = "clean", "random noise (control)"


def rows(sizes):
    """Options of `protect` by row; None for rows it does not make."""
    table = {CLEAN: None, CONTROL: None}
    table |= {
        f"class-wise at {size} px": ["--mode", "class-wise", "--working-size", str(size)]
        for size in sizes
    }
    sample_wise = [size for size in (STANDARD, FORMER) if size == STANDARD or size in sizes]
    return table | {
        f"sample-wise at {size} px": ["--mode", "sample-wise", "--working-size", str(size)]
        for size in sample_wise
    }


def identity(arguments, learnt, aside, options):
    """A short hash of what a row's result depends on; the binary is not part of it."""
    names = [[Path(path).name, label] for path, label in (*learnt, *aside)]
    facts = [
        names,
        options,
        arguments.enlarge,
        arguments.epochs,
        arguments.seed,
        weights.tensors_sha256(arguments.weights),
    ]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:12]


def measure(row, prepared, aside, labels, wanted, classes, seed, epochs, path):
    """Trains on the pixels of a row and writes its record."""
    pixels = np.load(prepared, mmap_mode="r")
    unseen = photos.untouched(aside)
    history = photos.learn(np.array(pixels), labels, unseen, wanted, classes, seed, epochs)
    record = {
        "row": row,
        "accuracy": history[-1],
        "peak": max(history),
        "history": history,
        "epochs": epochs,
    }
    path.write_text(json.dumps(record) + "\n")
    return record


def prepare(arguments, learnt, labels, cells, folder):
    """Yields each unmeasured row with its pixels as a .npy file, as soon as they are made."""
    wanted = {row: options for row, (options, path) in cells.items() if not path.exists()}
    work = Path(arguments.cache)
    made = {row: work / f"{cells[row][1].stem}.npy" for row in wanted}
    yield from ((row, path) for row, path in made.items() if path.exists())
    missing = [row for row, path in made.items() if not path.exists()]
    if not missing:
        return
    work.mkdir(parents=True, exist_ok=True)
    clean = photos.sources(learnt, folder, arguments.enlarge)
    for row in missing:
        if row == CLEAN:
            pixels = clean
        elif row == CONTROL:
            pixels = perturbations.random_noise(clean, labels, arguments.seed)
        else:
            # These cells predate masks; `photo_table` measures the standard for photos.
            options = [*wanted[row], "--mask", "none"]
            pixels = photos.protect(
                arguments.binary, arguments.weights, folder, arguments.seed, options
            )
        partial = made[row].with_suffix(".partial.npy")
        np.save(partial, pixels)
        partial.rename(made[row])
        print(f"made: {row}", file=sys.stderr, flush=True)
        yield row, made[row]


def table(records, arguments, learnt, aside, classes):
    """The rows as Markdown, with what they were measured on."""
    chance = 100 / classes
    clean = records[CLEAN]["accuracy"] if CLEAN in records else None
    lines = ["| training photos | accuracy | highest on the way | r |", "|---|---|---|---|"]
    for row, record in records.items():
        learns = clean is not None and clean > chance
        left = (
            f"{(record['accuracy'] - chance) / (clean - chance):.2f}"
            if learns and row != CLEAN
            else "-"
        )
        lines.append(f"| {row} | {record['accuracy']:.1f} | {record['peak']:.1f} | {left} |")
    facts = (
        f"{len(learnt)} photos of {classes} classes enlarged to a short side of "
        f"{arguments.enlarge} px, {len(aside)} untouched ones to test on, {arguments.epochs} "
        f"epochs, chance {chance:.0f} %, seed {arguments.seed}, weights whose tensors have the "
        f"SHA-256 {weights.tensors_sha256(arguments.weights)[:12]}…, "
        f"{datetime.date.today().isoformat()}, {machine.processor()}. r is the share of learning "
        "that is left: (accuracy - chance) / (accuracy on clean photos - chance). The control's "
        "noise has single pixels, which no network finds again in crops of every scale: here it "
        "controls nothing but that changes of +-8 levels do no harm by themselves."
    )
    return "\n".join(lines) + f"\n\n- {facts}\n"


def main():
    parser = argparse.ArgumentParser(
        prog="evaluate.resolution", description="Protection of large photos by working size."
    )
    parser.add_argument(
        "--photos",
        required=True,
        help="a folder with one folder of photos for each class, to learn from",
    )
    parser.add_argument(
        "--test",
        help="the same of photos to test on; without it a fifth of each class is kept aside",
    )
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", required=True, help="the weights file")
    parser.add_argument(
        "--out", default="runs/resolution", help="folder of the records and the table"
    )
    parser.add_argument(
        "--cache", default="runs/resolution/cache", help="folder of the pixels; large"
    )
    parser.add_argument(
        "--enlarge",
        type=int,
        default=ENLARGED,
        help="short side that every photo is brought to first, pixels",
    )
    parser.add_argument(
        "--sizes", default=",".join(map(str, SIZES)), help="working sizes, separated by commas"
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="rows at a time")
    parser.add_argument(
        "--measured",
        action="store_true",
        help="write the table of what is measured already, and learn nothing",
    )
    arguments = parser.parse_args()
    try:
        classes = photos.find(arguments.photos)
        if arguments.test:
            learnt = [
                (path, label) for label, paths in enumerate(classes.values()) for path in paths
            ]
            found = photos.find(arguments.test)
            if list(found) != list(classes):
                raise photos.PhotosError(
                    f"'{arguments.test}' must hold the same classes as '{arguments.photos}'"
                )
            aside = [(path, label) for label, paths in enumerate(found.values()) for path in paths]
        else:
            learnt, aside = photos.split(classes, arguments.seed)
        labels, wanted = (np.array([label for _, label in part]) for part in (learnt, aside))
        out = Path(arguments.out)
        (out / "rows").mkdir(parents=True, exist_ok=True)
        cells = {}
        for row, options in rows([int(size) for size in arguments.sizes.split(",")]).items():
            key = identity(arguments, learnt, aside, [row, options])
            cells[row] = (options, out / "rows" / f"{row.replace(' ', '-')}-{key}.json")
        with (
            tempfile.TemporaryDirectory(prefix="palimpsest-enlarged-") as folder,
            ProcessPoolExecutor(arguments.processes, mp_context=get_context("spawn")) as pool,
        ):
            running = [
                pool.submit(
                    measure,
                    row,
                    made,
                    aside,
                    labels,
                    wanted,
                    len(classes),
                    arguments.seed,
                    arguments.epochs,
                    cells[row][1],
                )
                for row, made in (
                    [] if arguments.measured else prepare(arguments, learnt, labels, cells, folder)
                )
            ]
            for future in running:
                record = future.result()
                print(f"{record['row']}: {record['accuracy']:.1f} %", file=sys.stderr, flush=True)
    except (photos.PhotosError, product.ProductError, OSError) as error:
        sys.exit(f"resolution: {error}")
    records = {
        row: json.loads(path.read_text()) for row, (_, path) in cells.items() if path.exists()
    }
    text = table(records, arguments, learnt, aside, len(classes))
    (out / "resolution.md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
