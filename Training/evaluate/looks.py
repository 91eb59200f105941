"""How visible a row's changes are: the SSIMULACRA2 of its pictures, measured once for each row and seed and kept."""

import json

from . import cells, rows, visibility
from .record import keep

NAME = "SSIMULACRA2"
# Small pictures are judged enlarged to about this side, as they fill a part of a screen; larger ones as they are.
SIDE = 256


def known(setting, row, seed):
    """{"row", "seed", "median", "p10"} of a row that was measured before, or None; None also for clean pictures."""
    place, _ = cells.path(setting, row, NAME, seed)
    return json.loads(place.read_text()) if place.exists() else None


def measure(setting, row, seed, x, y):
    """The record of a row, measured now if it was not before; None for clean pictures, which nothing was done to.

    `x` and `y` are the clean pictures, uint8 (N, H, W, 3), and their labels.
    """
    record = known(setting, row, seed)
    if record is not None or row == rows.CLEAN:
        return record
    given = rows.ALL[row](x, y, seed, setting.tool)
    median, tenth = visibility.ssimulacra2_of_set(
        given.originals, given.images, max(1, SIDE // x.shape[1])
    )
    place, identity = cells.path(setting, row, NAME, seed)
    record = {**identity, "median": round(median, 2), "p10": round(tenth, 2)}
    keep(place, record)
    return record
