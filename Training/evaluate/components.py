"""Class mean and principal components: what a trainer does who takes every class's perturbation for the same
few pictures.

Each class's mean and its ten strongest principal components leave that class's training pictures; the mean of
all pictures takes the place of the class's. Test pictures stay as they are, because their labels are what is
asked for: the trainer pays with a difference between what he learns from and what he is tested on.
"""

import numpy as np

COMPONENTS = 10


def _directions(centred):
    """The strongest principal components (D, at most `COMPONENTS`) of centred rows (n, D), orthonormal, from
    the smaller Gram matrix."""
    count, size = centred.shape
    if size <= count:
        return np.linalg.eigh(centred.T @ centred)[1][:, -COMPONENTS:]
    values, vectors = np.linalg.eigh(centred @ centred.T)
    # Rows that lie in fewer dimensions than asked for have no further component.
    kept = np.flatnonzero(values > 1e-9 * max(values[-1], 1e-9))[-COMPONENTS:]
    return centred.T @ (vectors[:, kept] / np.sqrt(values[kept]))


def subtract(pixels, labels):
    """The pictures (N, H, W, 3) without their class's mean and components, about the mean of all: uint8."""
    result = np.empty_like(pixels)
    overall = pixels.mean(0, dtype=np.float64).ravel()
    for label in np.unique(labels):
        chosen = np.flatnonzero(labels == label)
        flat = pixels[chosen].reshape(len(chosen), -1).astype(np.float64)
        flat -= flat.mean(0)
        directions = _directions(flat)
        flat -= (flat @ directions) @ directions.T
        result[chosen] = np.clip(np.rint(flat + overall), 0, 255).reshape(-1, *pixels.shape[1:])
    return result
