"""Removes class means and principal components, against perturbations of few patterns.

Subtracts each class's mean and its ten strongest principal components from that class's training
images, and adds the mean of all images. Test images stay as they are, because their labels are
unknown. The price is a shift between training and test data.
"""

import numpy as np

COMPONENTS = 10


def _directions(centred):
    """The strongest principal components (D, at most `COMPONENTS`) of centred rows (n, D).

    They are orthonormal. Computed from the smaller Gram matrix.
    """
    count, size = centred.shape
    if size <= count:
        return np.linalg.eigh(centred.T @ centred)[1][:, -COMPONENTS:]
    values, vectors = np.linalg.eigh(centred @ centred.T)
    # Rows that span fewer dimensions than requested have no further components.
    kept = np.flatnonzero(values > 1e-9 * max(values[-1], 1e-9))[-COMPONENTS:]
    return centred.T @ (vectors[:, kept] / np.sqrt(values[kept]))


def subtract(pixels, labels):
    """uint8 images (N, H, W, 3) without class mean and components, about the overall mean."""
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
