"""The table of UGE: what the licensed learner and others learn from ungeneralizable examples.

    python -m evaluate.licensed --dataset cifar10.tar --binary ../.build/release/palimpsest \\
        --out results/uge

The licensed learner trains on the protected pictures with its own start and its own view of them.
Others train with other starts and architectures; as a student of the licensed network; on pictures
that were recompressed or are gray; and by whoever knows the method and looks for the view. The
product makes the row UGE; the other rows are forms that were tried (`methods.uge.tries`). Every
cell is measured once and kept.
"""

import argparse
import datetime
import hashlib
import json
import os
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from methods import generator
from methods.course import Course, Learner, accuracy, images_of, learnt, whole
from methods.product import protect
from methods.uge import field as colours
from methods.uge import losses, subspace, tries, weights
from torch.nn import functional as F

from . import cache, countermeasures, datasets, field_attack
from .machine import processor
from .record import keep
from .splits import splits

LICENSED = Learner()
OTHER = replace(LICENSED, start=1)
CLEAN, UGE = "clean", "UGE"
# What makes the pictures of a row.
CODE = (tries, losses, subspace, generator, weights, colours)
SEED = 0
STUDENT = "student of the licensed"
# How far below the clean row the licensed learner may stay, and what others may reach at most.
WITHIN, AT_MOST, LEAST_GAP = 6.0, 45.0, 20.0


@dataclass(frozen=True)
class Column:
    """Who learns from the pictures: a learner, what it does to them first, and its view of them.

    The view is the licence's, none, or that of an attacker who has none; the last three exist for
    the row UGE alone.
    """

    learner: Learner = OTHER
    countermeasure: str = ""
    view: str = "none"
    student: bool = False


COLUMNS = {
    "licensed": Column(LICENSED, view="licence"),
    "another start": Column(),
    "a third start": Column(replace(LICENSED, start=2)),
    "plain network": Column(replace(LICENSED, learner="plain", start=3)),
    "wide network": Column(replace(LICENSED, learner="wide", start=4)),
    STUDENT: Column(replace(LICENSED, start=5), student=True),
    "licensed, JPEG 50": Column(LICENSED, "JPEG 50", "licence"),
    "another start, JPEG 50": Column(countermeasure="JPEG 50"),
    "another start, grayscale": Column(countermeasure="grayscale"),
    "another start, another licence's view": Column(view="another"),
    "another start, leaves gray out": Column(view="gray"),
    "another start, looks for the view": Column(view="found"),
}
# Views that exist without a field.
CLEAN_VIEWS = ("none", "licence")
# Whom the gates are about: no attacker of the method, who is told of but not promised anything.
GATED = (
    "another start", "a third start", "plain network", "wide network", "another start, JPEG 50",
)  # fmt: skip


def student(teacher, learner, view, pixels, labels):
    """A network that learns the licensed one's softened outputs alone, on pictures as they are."""
    teacher.eval()
    seen = torch.from_numpy(np.ascontiguousarray(view(pixels)))
    pixels = torch.from_numpy(np.ascontiguousarray(pixels))
    with torch.no_grad():
        told = torch.cat([teacher(images_of(part) - 0.5) for part in seen.split(500)])
    course = Distillation(learner, int(labels.max()) + 1, len(pixels))
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

    def __init__(self, arguments):
        data = datasets.load(arguments.dataset)
        self.x, self.y, self.x_test, self.y_test = splits(data, "test", arguments.images)
        self.binary, self.base = arguments.binary, arguments.weights
        self.out, self.cache = Path(arguments.out), Path(arguments.cache)
        self.names, self.digest = data.names, data.digest()
        self.field = colours.drawn(np.random.default_rng(SEED))

    def recipe(self, row):
        """What a row's pictures are made with."""
        if row == UGE:
            return {"tilt": colours.TILT, "tiles": colours.TILES, "gain": colours.GAIN,
                    "carrier": colours.CARRIER.tolist(),
                    "hiding": hashlib.sha256(Path(self.base).read_bytes()).hexdigest()}  # fmt: skip
        return None if row == CLEAN else asdict(tries.TRIES[row])

    def released(self, row):
        """The pictures of a row."""
        if row == CLEAN:
            return self.x
        code = b"".join(Path(module.__file__).read_bytes() for module in CODE)
        told = json.dumps([row, self.recipe(row)], sort_keys=True).encode()
        parts = (told, code, self.x.tobytes(), self.y.tobytes())
        return cache.stored(self.cache, parts, lambda: self._made(row))

    def _made(self, row):
        if row != UGE:
            print(f"fitting {row}", flush=True)
            made = tries.fit(self.x, self.y, SEED, tries.TRIES[row], LICENSED, print)
            return made.released(self.x, self.y)
        model = self.cache / "uge.safetensors"
        weights.write(model, weights.hiding(self.base), torch.from_numpy(self.field), {})
        options = ("--family-seed", "1000", "--mode", "sample-wise", "--mask", "none", "--quiet")
        return protect(self.binary, model, self.x, self.y, self.names, options)

    def view(self, row, column, released):
        """How a column's learner sees a row's pictures."""
        if row != UGE:
            licensed = row != CLEAN and column.view == "licence"
            return tries.view_of(tries.TRIES[row], self.x.shape[1]) if licensed else whole
        field = {
            "none": lambda: None,
            "licence": lambda: self.field,
            "another": lambda: colours.drawn(np.random.default_rng(SEED + 1)),
            "gray": lambda: colours.GRAY[None, None],
            "found": lambda: field_attack.found(released, colours.TILES),
        }[column.view]()
        return whole if field is None else colours.View(field)

    def measure(self, row, name):
        column = COLUMNS[name]
        identity = {
            "dataset": self.digest, "images": len(self.x), "row": row, "column": name,
            "seed": SEED, "learner": column.learner.identity(), "recipe": self.recipe(row),
        }  # fmt: skip
        key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
        words = "".join(c if c.isalnum() or c in "-." else "_" for c in f"{row}-{name}")
        place = self.out / "cells" / f"{words}-{key}.json"
        if place.exists():
            return json.loads(place.read_text())
        started = time.monotonic()
        released = self.released(row)
        change = released.astype(int) - self.x
        record = {
            **identity,
            "accuracy": self._reached(row, column, released),
            "largest_delta": int(np.abs(change).max()),
            "mean_delta": round(float(np.abs(change).mean()), 2),
            "date": datetime.date.today().isoformat(),
            "processor": processor(),
            "seconds": round(time.monotonic() - started, 1),
        }
        keep(place, record)
        print(f"{row} / {name}: {record['accuracy']:.1f} %", flush=True)
        return record

    def _reached(self, row, column, released):
        """What the column's network tells of the test pictures, as it sees them."""
        if column.countermeasure:
            released = countermeasures.ALL[column.countermeasure](released, SEED)
        view, classes = self.view(row, column, released), int(self.y.max()) + 1
        if column.student:
            licence = self.view(row, COLUMNS["licensed"], released)
            teacher = learnt(LICENSED, classes, licence(released), self.y).model
            model = student(teacher, column.learner, licence, released, self.y)
        else:
            model = learnt(column.learner, classes, view(released), self.y).model
        return accuracy(model, view(self.x_test), self.y_test)


def columns_of(row):
    """What is measured of a row: of what was only tried, whether it parts the two at all."""
    if row in tries.TRIES:
        return ("licensed", "another start")
    return [name for name, column in COLUMNS.items() if row == UGE or column.view in CLEAN_VIEWS]


def table(records):
    """The table in Markdown, rows by column."""
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


def verdict(records):
    """What each row reaches of the gates, as a Markdown list."""
    cells = {(record["row"], record["column"]): record["accuracy"] for record in records}
    lines = []
    for row in dict.fromkeys(record["row"] for record in records if record["row"] != CLEAN):
        licensed, clean = cells.get((row, "licensed")), cells.get((CLEAN, "licensed"))
        others = {name: cells[row, name] for name in GATED if (row, name) in cells}
        taught = cells.get((row, STUDENT))
        if licensed is None or clean is None or not others:
            continue
        worst = max(others, key=others.get)
        reached = licensed >= clean - WITHIN and others[worst] <= AT_MOST
        gap = licensed - others[worst]
        lines.append(
            f"- {'Reached' if reached else 'Missed'}: {row}, licensed {licensed:.1f} (at least "
            f"{clean - WITHIN:.1f}), others at most {others[worst]:.1f} ({worst}; at most "
            f"{AT_MOST:.0f}), a gap of {gap:.1f} points (at least {LEAST_GAP:.0f})."
        )
        if taught is not None:
            reached = taught <= AT_MOST
            lines.append(
                f"- {'Reached' if reached else 'Missed'}: {row}, a {STUDENT} at most "
                f"{AT_MOST:.0f}, measured {taught:.1f}."
            )
    return "\n".join(lines) + "\n"


def arguments_of():
    parser = argparse.ArgumentParser(description="Measure ungeneralizable examples.")
    parser.add_argument("--dataset", required=True, help="CIFAR-10 (evaluate/datasets.py)")
    parser.add_argument("--binary", required=True, help="the built palimpsest")
    parser.add_argument(
        "--weights", default="../Sources/DeepHiding/Resources/deep-hiding.safetensors",
        help="of deep hiding",
    )  # fmt: skip
    parser.add_argument("--out", required=True, help="the folder of cells and table")
    parser.add_argument("--cache", default="runs/uge", help="the folder of protected sets")
    parser.add_argument("--images", type=int, default=10_000, help="training images")
    parser.add_argument("--rows", help="only these, separated by semicolons")
    return parser.parse_args()


def main():
    arguments = arguments_of()
    torch.set_num_threads(1)
    made = Table(arguments)
    made.cache.mkdir(parents=True, exist_ok=True)
    order = [CLEAN, UGE, *tries.TRIES]
    for row in arguments.rows.split(";") if arguments.rows else order:
        for name in columns_of(row):
            made.measure(row, name)
    paths = sorted((made.out / "cells").glob("*.json"))
    records = [json.loads(path.read_text()) for path in paths]
    records = [record for record in records if record["recipe"] == made.recipe(record["row"])]
    records.sort(key=lambda record: order.index(record["row"]))
    days = sorted({record["date"] for record in records})
    on = " and ".join(sorted({record["processor"] for record in records}))
    (made.out / "uge.json").write_text(json.dumps(records, indent=1, sort_keys=True) + "\n")
    own = [record for record in records if record["row"] in (CLEAN, UGE)]
    tried = [record for record in records if record["column"] in columns_of(order[-1])]
    (made.out / "uge.md").write_text(
        table(own) + "\n" + table(tried) + "\n" + verdict(records)
        + f"- {made.digest[:12]}, {len(made.x)} training images, {days[0]} to {days[-1]}, {on}, "
        f"PyTorch {torch.__version__}.\n"
    )  # fmt: skip
    print((made.out / "uge.md").read_text())


if __name__ == "__main__":
    main()
