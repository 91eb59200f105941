"""Splits a data set into training images, test images, and images for an attacker's own copy."""

import numpy as np

from .datasets import DatasetError

VALIDATION_IMAGES = 3_000


def splits(data, split, images):
    """Training and test images; for `validation` (model selection) both come from the training set.

    As far as there are enough, the two splits use different training images, so nothing selected on
    one is tuned to the other.
    """
    x, y = data.x_train, data.y_train
    if split == "validation":
        held = len(x) - VALIDATION_IMAGES
        count = min(images or held, held)
        return x[:count], y[:count], x[held:], y[held:]
    count = min(images or len(x), len(x))
    first = min(2 * count, len(x) - count)
    return x[first : first + count], y[first : first + count], data.x_test, data.y_test


def others(data, split, images, wanted):
    """`wanted` evenly spread training images, without labels, that `splits` does not use.

    Raises DatasetError if too few are left.
    """
    held = len(data.x_train) - (VALIDATION_IMAGES if split == "validation" else 0)
    x = splits(data, split, images)[0]
    first = 0 if split == "validation" else min(2 * len(x), len(data.x_train) - len(x))
    free = np.concatenate([np.arange(first), np.arange(first + len(x), held)])
    if len(free) < wanted:
        raise DatasetError(
            f"the attacker needs {wanted} photos that are neither learnt from nor tested on, and "
            f"the data set has {len(free)}: leave the purifier's columns out, or learn from at "
            f"most {max(0, held - wanted)} images"
        )
    return data.x_train[free[np.linspace(0, len(free) - 1, wanted).round().astype(int)]]
