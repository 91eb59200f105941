"""`make evaluate-photos`: what trainers learn from photos after protection and a site's JPEG.

Photos are enlarged to phone size, protected by the binary at full size, saved as JPEG 85 and scaled
to 256 pixels. Columns are those of `columns`: from scratch as in `photos`, and pre-trained networks
at a side of 128 pixels. Every row is made once, class by class, and every cell measured once, so an
interrupted run resumes where it stopped.
"""

import argparse
import datetime
import hashlib
import json
import os
import sys
import tarfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from deephiding import weights

from . import (
    classifier, columns, features, lite_pattern, machine, photo_rows, photos, pretrained, product,
    quality, report, rows,
    visibility,
)  # fmt: skip
from .perturbations import EPSILON
from .pretrained_control import pretrained_blind
from .record import keep
from .setting import Product, Setting

EPOCHS, SIDE = 25, 128
NO_MASK, STANDARD, STANDARD_CLASSES = (
    "sample-wise, no mask", "sample-wise, standard", "class-wise, standard"
)
# Options of `protect` by row.
OPTIONS = {
    NO_MASK: ("--mode", "sample-wise", "--mask", "none"),
    STANDARD: ("--mode", "sample-wise", "--mask", "photo"),
    STANDARD_CLASSES: ("--mode", "class-wise", "--mask", "photo"),
}
ROWS = (rows.CLEAN, rows.CONTROL, rows.LITE0_PATTERN, *OPTIONS)
COLUMNS = (columns.VANILLA, columns.RANDAUGMENT, columns.FEW, "grayscale", *pretrained.ALL)


def named(text, known, what):
    """The names in `known` that a list separated by semicolons selects; all if there is no list.

    Raises PhotosError for unknown names.
    """
    if not text:
        return list(known)
    wanted = [name.strip() for name in text.split(";")]
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise photos.PhotosError(
            f"there is no {what} '{unknown[0]}'; there are: {'; '.join(known)}"
        )
    return [name for name in known if name in wanted]


def unpacked(dataset, folder):
    """The folder with train/CLASS and test/CLASS (or val), and that of the test photos.

    This is `dataset` itself, or its tar unpacked below `folder`.
    """
    dataset = Path(dataset)
    if dataset.is_dir():
        place = dataset
    else:
        place = Path(folder) / dataset.stem
        if not place.exists():
            partial = place.with_name(f"{place.name}.{os.getpid()}.partial")
            try:
                with tarfile.open(dataset) as archive:
                    archive.extractall(
                        partial,
                        [
                            m
                            for m in archive
                            if m.isfile() and ".." not in m.name and m.name[0] != "/"
                        ],
                    )
            except tarfile.TarError as error:
                raise photos.PhotosError(
                    f"'{dataset}' is neither a folder nor a tar archive ({error})"
                ) from error
            partial.rename(place)
    found = next(
        (path for path in (place, *sorted(place.glob("*"))) if (path / "train").is_dir()), None
    )
    if found is None:
        raise photos.PhotosError(
            f"'{dataset}' must hold train/CLASS and test/CLASS (or val/CLASS) with photos"
        )
    return found, found / ("test" if (found / "test").is_dir() else "val")


def gather(dataset, folder, per_class, seed):
    """(path, label) of training and test photos, and the class names.

    There are at most `per_class` training photos per class.
    """
    place, test = unpacked(dataset, folder)
    classes, found = photos.find(place / "train"), photos.find(test)
    if list(found) != list(classes):
        raise photos.PhotosError(f"'{test}' must hold the same classes as '{place / 'train'}'")
    pairs = [
        [(path, label) for label, paths in enumerate(part.values()) for path in paths]
        for part in (classes, found)
    ]
    labels = np.array([label for _, label in pairs[0]])
    kept = features.ranks(labels, seed) < (per_class or len(labels))
    return [pair for pair, keep in zip(pairs[0], kept) if keep], pairs[1], tuple(classes)


def offered(publication):
    """The options of `protect` by row; with a publication, each row of ours also as published."""
    if publication is None:
        return OPTIONS
    published = {
        f"{name}, {publication}": (*options, *publication.options())
        for name, options in OPTIONS.items()
    }
    return {**OPTIONS, **published}


def made(arguments, learnt, wanted):
    """What makes each of the wanted rows."""
    table, options = {}, offered(arguments.publish)
    labels = np.array([label for _, label in learnt])
    for name in wanted:
        if name == rows.CLEAN:
            table[name] = photo_rows.AsTheyAre()
        elif name == rows.CONTROL:
            rng = np.random.default_rng([arguments.seed, 1])
            shape = (labels.max() + 1, arguments.side, arguments.side, 3)
            table[name] = photo_rows.Marked(
                (EPSILON * rng.choice([-1, 1], size=shape)).astype(np.float32)
            )
        elif name == rows.LITE0_PATTERN:
            table[name] = photo_rows.Marked(_pattern(arguments, learnt, labels))
        else:
            table[name] = photo_rows.Protected(
                arguments.binary, arguments.weights, options[name], arguments.seed
            )
    return table


def _pattern(arguments, learnt, labels):
    """The control's patterns, computed at the input side of the pre-trained networks."""
    chosen = np.sort(
        np.random.default_rng([arguments.seed, 14]).permutation(len(learnt))[: lite_pattern.COVERS]
    )
    small = features.shrunk(photos.untouched([learnt[i] for i in chosen]), arguments.side)
    return lite_pattern.stored_patterns(
        small, labels[chosen], arguments.seed, arguments.cache, arguments.side
    )


def _path(out, setting, row, key, column, seed):
    facts = [key, setting.identity(), columns.identity(column, setting), seed]
    short = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:8]
    words = (
        "".join(c if c.isalnum() or c == "-" else "_" for c in f"{row}-{column}-{seed}").strip("_")
    )
    return out / "cells" / f"{words}-{short}.json"


def measure(row, column, pixels, clean, labels, aside, seed, setting, path):
    """Trains one cell and writes its record.

    `pixels` and `clean` are functions, so that large arrays are read only in the process that uses
    them.
    """
    torch.set_num_threads(setting.threads)
    started = time.monotonic()
    images, originals = pixels(), clean()
    unseen, wanted = photos.untouched(aside), np.array([label for _, label in aside])
    history = columns.ALL[column](
        rows.TrainingSet(images, labels, originals), unseen, wanted, seed, setting
    )
    some = slice(None, None, max(1, len(images) // 200))
    record = {
        "row": row, "column": column, "seed": seed, "classes": setting.classes,
        "accuracy": history[-1], "peak": max(history),
        "history": [round(accuracy, 2) for accuracy in history],
        # Over some 200 photos, after the site's JPEG.
        "psnr": quality.psnr(originals[some], images[some]),
        "ssim": quality.ssim(originals[some], images[some]),
        "largest_delta": int(np.abs(images[some].astype(np.int16) - originals[some]).max()),
        "ssimulacra2": (
            visibility.ssimulacra2_of_set(originals, images, 1)[0] if row != rows.CLEAN else None
        ),
        "date": datetime.date.today().isoformat(), "processor": machine.processor(),
        "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip
    keep(path, record)
    return record


class _Pixels:
    """A row's pixels, loaded when called; pickled to another process without them."""

    def __init__(self, *where):
        self.where = where

    def __call__(self):
        return photo_rows.load(*self.where)


def write(records, arguments, learnt, aside, names):
    """Writes photos.md and photos.json; returns the Markdown."""
    summary = report.summarize(records)
    site = f"saved as JPEG {arguments.quality}" if arguments.quality else "passed on as they are"
    facts = [
        f"{len(learnt)} photos of {len(names)} classes enlarged to a short side of "
        f"{arguments.enlarge} px, protected there, {site}, and scaled to 256 px; {len(aside)} "
        f"untouched ones to test on; {arguments.epochs} epochs from scratch, pre-trained networks "
        f"at {arguments.side} px, chance {100 / len(names):.0f} %, seed {arguments.seed}, "
        f"{weights.stated(arguments.weights)}, {report.measured(records)}.",
        "PSNR, SSIM, SSIMULACRA2 (the median of 50) and the largest |δ| are those at 256 px, "
        "after the JPEG, of some 200 photos.",
        "The random noise has single pixels of the side at which pre-trained networks see the "
        "photos; networks that crop at every scale hardly find it again, so that from scratch it "
        "controls nothing but that changes of +-8 levels do no harm by themselves.",
    ]
    reason = pretrained_blind(summary)
    verdict = (
        [reason]
        if reason
        else ["The control of the pre-trained columns falls as it must: they can see."]
    )
    if not any(column in pretrained.ALL for _, column in summary):
        verdict = ["No column of a pre-trained network was measured."]
    looks = {
        record["row"]: record["ssimulacra2"]
        for record in records
        if record["ssimulacra2"] is not None
    }
    tables = [report.table(summary), report.figures(summary, looks), report.peaks(summary)]
    text = "\n\n".join([*tables, "\n".join(f"- {line}" for line in verdict + facts)]) + "\n"
    folder = Path(arguments.out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "photos.md").write_text(text)
    document = {
        "cells": [
            {"row": row, "column": column, **cell} for (row, column), cell in summary.items()
        ],
        "remaining": {
            row: report.remaining(summary, row) for row in dict.fromkeys(row for row, _ in summary)
        },
        "verdict": verdict,
        "facts": facts,
    }
    (folder / "photos.json").write_text(json.dumps(document, indent=1) + "\n")
    return text


def main():
    parser = argparse.ArgumentParser(
        prog="evaluate.photo_table",
        description="Protection of large photos by how they are learnt.",
    )
    parser.add_argument(
        "--dataset",
        required=True,
        help="folder or tar of train/CLASS and test/CLASS, such as Imagenette",
    )
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument("--weights", required=True, help="the weights file")
    parser.add_argument(
        "--out", default="runs/photo-table", help="folder of the cells and the table"
    )
    parser.add_argument("--cache", help="folder of the pixels; large (default: OUT/cache)")
    parser.add_argument(
        "--per-class", type=int, help="photos of each class to learn from (default: all)"
    )
    parser.add_argument(
        "--enlarge",
        type=int,
        default=1600,
        help="short side that every photo is brought to first, pixels",
    )
    parser.add_argument(
        "--quality",
        type=int,
        default=85,
        help="of the site's JPEG; 0: it passes on the very pixels",
    )
    parser.add_argument(
        "--publish",
        metavar="HOW",
        help="also rows of photos that their owner publishes so, such as 'jpeg 92 2048': format, "
        "quality, longer side",
    )
    parser.add_argument(
        "--side",
        type=int,
        default=SIDE,
        help="at which pre-trained networks see the photos, pixels",
    )
    parser.add_argument("--epochs", type=int, default=EPOCHS, help="from scratch")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rows", help="only rows named so, separated by semicolons")
    parser.add_argument("--columns", help="only columns named so, separated by semicolons")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="cells at a time"
    )
    parser.add_argument(
        "--measured",
        action="store_true",
        help="write the table of what is measured already, and learn nothing",
    )
    arguments = parser.parse_args()
    out = Path(arguments.out)
    arguments.cache = Path(arguments.cache or out / "cache")
    try:
        arguments.publish = arguments.publish and photo_rows.Publication.named(arguments.publish)
        known = list(dict.fromkeys([*ROWS, *offered(arguments.publish)]))
        chosen, trainers = (
            named(arguments.rows, known, "row"), named(arguments.columns, COLUMNS, "column")
        )
        learnt, aside, names = gather(
            arguments.dataset, arguments.cache, arguments.per_class, arguments.seed
        )
        records = _records(arguments, chosen, trainers, learnt, aside, names)
    except (photos.PhotosError, product.ProductError, OSError, ValueError) as error:
        sys.exit(f"photo_table: {error}")
    if not records:
        sys.exit("photo_table: nothing is measured yet of these rows and columns")
    print(write(records, arguments, learnt, aside, names))


def _records(arguments, chosen, trainers, learnt, aside, names):
    recipe = classifier.Recipe(
        "photo",
        arguments.epochs,
        photos.BATCH,
        crop=photos.SIDE,
        precision=classifier.fast_precision(),
    )
    tool = Product(arguments.binary, arguments.weights, arguments.cache, names)
    count, out = arguments.per_class or 0, Path(arguments.out)
    setting = Setting(
        str(arguments.dataset), "", "test", count, recipe, tool, out, side=arguments.side
    )
    way = photo_rows.Way(arguments.enlarge, arguments.quality or None)
    labels = np.array([label for _, label in learnt])
    # The clean row is always made: every row is compared with it.
    table = made(arguments, learnt, list(dict.fromkeys([rows.CLEAN, *chosen])))
    files = [[Path(path).name, label] for path, label in (*learnt, *aside)]
    places = {
        (row, column): _path(
            out,
            setting,
            row,
            [files, table[row].identity(), way.enlarged, way.quality],
            column,
            arguments.seed,
        )
        for row in chosen
        for column in trainers
    }
    missing = (
        [] if arguments.measured else [cell for cell, path in places.items() if not path.exists()]
    )
    if missing:
        needed = dict.fromkeys([rows.CLEAN, *(row for row, _ in missing)])
        # The binary uses every core itself, so the rows are made before the cells share the cores.
        photo_rows.make(arguments.cache, {row: table[row] for row in needed}, learnt, way)
        pixels = {
            row: _Pixels(arguments.cache, {row: table[row]}, row, learnt, way) for row in needed
        }
        with ProcessPoolExecutor(arguments.processes, mp_context=get_context("spawn")) as pool:
            running = [
                pool.submit(
                    measure,
                    row,
                    column,
                    pixels[row],
                    pixels[rows.CLEAN],
                    labels,
                    aside,
                    arguments.seed,
                    setting,
                    places[row, column],
                )
                for row, column in missing
            ]
            for future in running:
                record = future.result()
                print(
                    f"{record['row']} / {record['column']}: {record['accuracy']:.1f} % "
                    f"({record['seconds']:.0f} s)",
                    file=sys.stderr,
                    flush=True,
                )
    return [json.loads(path.read_text()) for path in places.values() if path.exists()]


if __name__ == "__main__":
    main()
