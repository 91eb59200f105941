"""Which pictures of a data set are learnt from, which are tested on, and which are left for an attacker's own
copy of the product."""

import numpy as np

from .datasets import DatasetError

VALIDATION_IMAGES = 3_000


def splits(data, split, images):
    """Training and evaluation images: both from the training set while choosing (`validation`), else the test
    set.

    The two use different training images as far as there are enough, so that nothing chosen on one is tuned
    to the other.
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
    """`wanted` training images that `splits` neither trains nor tests on, evenly spread, without their labels.

    Raises DatasetError where too few are left.
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
