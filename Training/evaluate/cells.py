"""One cell of a table: one row, one countermeasure, one seed.

Measured once, kept as a JSON file.
"""

import datetime
import hashlib
import json
import time

import numpy as np
import torch
from deephiding import weights

from . import columns, datasets, quality, rows
from .machine import processor
from .record import keep
from .splits import splits


def path(setting, row, column, seed):
    """The path of a cell's record, and the fields that identify what it was measured on."""
    identity = {
        **setting.identity(),
        **columns.identity(column, setting),
        "row": row,
        "column": column,
        "seed": seed,
    }
    file = rows.weights_file(row, setting.tool)
    if column in columns.WITH_OWN_COPY:
        file = file or setting.tool.weights
    if file:
        identity["tensors_sha256"] = weights.network_sha256(file, row == rows.MASKED)
    key = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()[:8]
    words = (
        "".join(c if c.isalnum() or c == "-" else "_" for c in f"{row}-{column}-{seed}").strip("_")
    )
    return setting.out / "cells" / f"{words}-{key}.json", identity


def known(setting, row, column, seed):
    """The record of a cell that was measured before, or None."""
    place, identity = path(setting, row, column, seed)
    if not place.exists():
        return None
    record = json.loads(place.read_text())
    return record if all(record.get(name) == value for name, value in identity.items()) else None


def measure(setting, row, column, seed):
    """The record of a cell; measures it unless it is known."""
    record = known(setting, row, column, seed)
    if record is not None:
        return record
    if not torch.cuda.is_available():
        torch.set_num_threads(setting.threads)
    started = time.monotonic()
    x, y, x_test, y_test = splits(datasets.load(setting.data), setting.split, setting.images)
    given = rows.ALL[row](x, y, seed, setting.tool)
    same = known(setting, row, columns.VANILLA, seed) if column in columns.NO_OPS else None
    history = same["history"] if same else columns.ALL[column](given, x_test, y_test, seed, setting)
    place, identity = path(setting, row, column, seed)
    difference = np.abs(given.images.astype(np.int16) - given.originals)
    record = {
        **identity,
        "classes": setting.classes,
        "accuracy": history[-1],
        "peak": max(history),
        "history": [round(accuracy, 2) for accuracy in history],
        "psnr": quality.psnr(given.originals, given.images),
        "ssim": quality.ssim(given.originals, given.images),
        "largest_delta": int(difference.max()),
    }
    if column in columns.FIGURES:
        record.update(columns.FIGURES[column](given, seed, setting))
    record["date"] = datetime.date.today().isoformat()
    record["processor"] = processor()
    record["seconds"] = round(time.monotonic() - started, 1)
    keep(place, record)
    print(
        f"{row} / {column} / seed {seed}: {record['accuracy']:.2f} % ({record['seconds']:.0f} s)",
        flush=True,
    )
    return record
