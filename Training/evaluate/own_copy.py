"""What somebody with a copy of the product makes with it: other photos, before and after, under family seeds of
his own (threat level T2)."""

import numpy as np

from . import datasets, product, rows, splits

PHOTOS, KEYS = 600, 8


def pairs(given, seed, setting):
    """(released, originals), uint8 (PHOTOS * KEYS, H, W, 3): photos that are in no row, protected as the row is.

    A row that the product did not make is answered with what it makes in its standard mode.
    """
    photos = splits.others(datasets.load(setting.data), setting.split, setting.images, PHOTOS)
    tool = setting.tool
    protection = given.protection or rows.Protection(
        str(tool.weights), ("--mode", "sample-wise", "--mask", "none")
    )
    rng = np.random.default_rng([seed, 22])
    released = []
    for key in range(KEYS):
        labels = rng.permutation(np.arange(len(photos)) % len(tool.names))
        released.append(
            product.protect(
                tool.binary, protection.weights, photos, labels, tool.names, family_seed(seed, key),
                tool.cache,
                protection.options,
            )  # fmt: skip
        )
    return np.concatenate(released), np.concatenate([photos] * KEYS)


def family_seed(seed, key):
    """Family seeds that no row of any table uses (`rows.family_seed`)."""
    return 500_000 + KEYS * seed + key
