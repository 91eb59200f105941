"""The attacker's own copy of the product (threat level T2).

It protects other photos under other family seeds, which gives pairs of original and released
images.
"""

import numpy as np

from . import datasets, product, rows, splits

PHOTOS, KEYS = 600, 8


def pairs(given, seed, setting):
    """(released, originals), uint8 (PHOTOS * KEYS, H, W, 3), protected as this row is.

    The photos are in no row. Rows not made by the product get pairs from its standard mode.
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
