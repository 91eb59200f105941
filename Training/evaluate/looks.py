"""The visibility of a row's perturbation: SSIMULACRA2, measured once per row and seed."""

import json

from . import cells, rows, visibility
from .record import keep

NAME = "SSIMULACRA2"
# Small images are upscaled to about this side, roughly as seen on a screen; larger ones are not
# resized.
SIDE = 256


def known(setting, row, seed):
    """{"row", "seed", "median", "p10"} of a row measured before; None for clean images."""
    place, _ = cells.path(setting, row, NAME, seed)
    return json.loads(place.read_text()) if place.exists() else None


def measure(setting, row, seed, x, y):
    """The record of a row; measures it unless it is known. None for clean images.

    `x` and `y` are the clean images, uint8 (N, H, W, 3), and their labels.
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
