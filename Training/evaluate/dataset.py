"""The type of all data sets, and the error of those that cannot be read."""

import hashlib
from typing import NamedTuple

import numpy as np


class DatasetError(Exception):
    """The data set is missing or malformed; the message says what to do."""


class Dataset(NamedTuple):
    """Training and test images and labels, and the class names in label order.

    Images are uint8 RGB (N, H, W, 3), labels (N,) from 0.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    names: tuple

    def digest(self):
        """The first 12 hex digits of the SHA-256 of the test images and labels."""
        key = hashlib.sha256(np.ascontiguousarray(self.x_test))
        key.update(np.ascontiguousarray(self.y_test))
        return key.hexdigest()[:12]
