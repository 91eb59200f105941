"""The table of UGE: what the authorised learner and others learn from ungeneralizable examples.

    python -m evaluate.licensed --dataset cifar10.tar --out Training/results/uge

The authorised learner trains on the protected pictures with its own start; other starts of the same
architecture, other architectures, and a student of the authorised network do as well. Every cell is
measured once and kept.
"""

import argparse
import datetime
import hashlib
import json
import os
import time
from dataclasses import asdict, replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from methods.course import Course, Learner, accuracy, images_of, learnt
from methods.uge import fit as uge
from methods.uge.view import whole
from torch.nn import functional as F

from . import cache, countermeasures, datasets
from .machine import processor
from .record import keep
from .splits import splits

AUTHORISED = Learner()
OTHERS = {
    "another start": replace(AUTHORISED, start=1),
    "a third start": replace(AUTHORISED, start=2),
    "plain": replace(AUTHORISED, learner="plain", start=3),
    "wide": replace(AUTHORISED, learner="wide", start=4),
}
STUDENT, JPEG = "student of the authorised", ", JPEG 50"
COLUMNS = ("authorised", *OTHERS, STUDENT, "authorised" + JPEG, "another start" + JPEG)
CLEAN = "clean"
SEED = 0


def trained(learner, view, pixels, labels):
    return learnt(learner, int(labels.max()) + 1, view(pixels), labels).model


def student(teacher, view, pixels, labels):
    """A network of another start that learns the authorised one's softened outputs alone."""
    teacher.eval()
    pixels, seen = torch.from_numpy(np.ascontiguousarray(pixels)), view(pixels)
    seen = torch.from_numpy(np.ascontiguousarray(seen))
    with torch.no_grad():
        told = torch.cat([teacher(images_of(part) - 0.5) for part in seen.split(500)])
    course = Distillation(replace(AUTHORISED, start=5), int(labels.max()) + 1, len(pixels))
    return course.finish(lambda chosen: (images_of(pixels[chosen]), told[chosen])).model


class Distillation(Course):
    """A course whose targets are logits, at temperature 4."""

    temperature = 4.0

    def loss(self, logits, wanted):
        soft = F.log_softmax(logits / self.temperature, 1)
        wanted = F.softmax(wanted / self.temperature, 1)
        return F.kl_div(soft, wanted, reduction="batchmean") * self.temperature**2


class Table:
    """The cells of a data set's training images, for each row."""

    def __init__(self, dataset, out, kept, images):
        data = datasets.load(dataset)
        self.x, self.y, self.x_test, self.y_test = splits(data, "test", images)
        self.out, self.cache, self.digest = Path(out), Path(kept), data.digest()

    def fitted(self, row):
        """The released pictures of a row, and the view of the authorised learner."""
        if row == CLEAN:
            return self.x, whole
        recipe = uge.TRIES[row]
        code = b"".join(
            path.read_bytes() for path in sorted(Path(uge.__file__).parent.glob("*.py"))
        )
        parts = (row.encode(), code, self.x.tobytes(), self.y.tobytes())

        def make():
            print(f"fitting {row}", flush=True)
            made = uge.fit(self.x, self.y, SEED, recipe, AUTHORISED, print)
            return made.released(self.x, self.y)

        released = cache.stored(self.cache, parts, make)
        return released, uge.view_of(recipe, self.x.shape[1])

    def measure(self, row, column):
        identity = {
            "dataset": self.digest, "images": len(self.x), "row": row, "column": column,
            "seed": SEED, "authorised": AUTHORISED.identity(),
            "recipe": asdict(uge.TRIES[row]) if row != CLEAN else None,
        }  # fmt: skip
        key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
        words = "".join(c if c.isalnum() or c in "-." else "_" for c in f"{row}-{column}")
        place = self.out / "cells" / f"{words}-{key}.json"
        if place.exists():
            return json.loads(place.read_text())
        started = time.monotonic()
        released, view = self.fitted(row)
        model, seen = self._learn(column, released, view)
        change = released.astype(int) - self.x
        record = {
            **identity,
            "accuracy": accuracy(model, seen(self.x_test), self.y_test),
            "largest_delta": int(np.abs(change).max()),
            "mean_delta": round(float(np.abs(change).mean()), 2),
            "date": datetime.date.today().isoformat(),
            "processor": processor(),
            "seconds": round(time.monotonic() - started, 1),
        }
        keep(place, record)
        print(f"{row} / {column}: {record['accuracy']:.1f} %", flush=True)
        return record

    def _learn(self, column, released, view):
        """The column's network, and how it sees pictures."""
        name = column.removesuffix(JPEG)
        if name != column:
            released = countermeasures.ALL["JPEG 50"](released, SEED)
        if name == "authorised":
            return trained(AUTHORISED, view, released, self.y), view
        if name == STUDENT:
            teacher = trained(AUTHORISED, view, released, self.y)
            return student(teacher, view, released, self.y), whole
        return trained(OTHERS[name], whole, released, self.y), whole


def table(records):
    """The table in Markdown, rows by column, and what it says of the gates."""
    rows = list(dict.fromkeys(record["row"] for record in records))
    cells = {(record["row"], record["column"]): record["accuracy"] for record in records}
    lines = [
        "| learns from, % of test pictures | " + " | ".join(rows) + " |",
        "|---" * (len(rows) + 1) + "|",
    ]
    for column in COLUMNS:
        values = [cells.get((row, column)) for row in rows]
        if any(value is not None for value in values):
            words = ["-" if value is None else f"{value:.1f}" for value in values]
            lines.append(f"| {column} | " + " | ".join(words) + " |")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description="Measure ungeneralizable examples.")
    parser.add_argument("--dataset", required=True, help="CIFAR-10 (evaluate/datasets.py)")
    parser.add_argument("--out", required=True, help="the folder of cells and table")
    parser.add_argument("--cache", default="runs/uge", help="the folder of protected sets")
    parser.add_argument("--images", type=int, default=10_000, help="training images")
    parser.add_argument("--rows", help="only these, separated by semicolons")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    made = Table(arguments.dataset, arguments.out, arguments.cache, arguments.images)
    rows = arguments.rows.split(";") if arguments.rows else [CLEAN, *uge.TRIES]
    for row in rows:
        for column in COLUMNS:
            made.measure(row, column)
    records = [
        json.loads(path.read_text()) for path in sorted((made.out / "cells").glob("*.json"))
    ]
    records.sort(key=lambda record: [CLEAN, *uge.TRIES].index(record["row"]))
    (made.out / "uge.json").write_text(json.dumps(records, indent=1, sort_keys=True) + "\n")
    (made.out / "uge.md").write_text(table(records))
    print(table(records))


if __name__ == "__main__":
    main()
