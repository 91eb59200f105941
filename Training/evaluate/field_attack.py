"""An attacker who knows how UGE works and looks for the field of colours in a protected set."""

import numpy as np


def found(pixels, tiles):
    """The field (tiles, tiles, 3) that a set (N, H, W, 3) seems to have, by its own colours.

    A change along a tile's direction adds to the variance of this direction there and nowhere else:
    it is where the covariance of colours between neighbouring pixels exceeds that of all tiles.
    """
    height, width = pixels.shape[1:3]
    values = pixels.astype(np.float64)
    fine = values[:, 1:, 1:] - values[:, :-1, :-1]
    rows = np.arange(height - 1) * tiles // height
    columns = np.arange(width - 1) * tiles // width
    covariances = np.empty((tiles, tiles, 3, 3))
    for row in range(tiles):
        for column in range(tiles):
            part = fine[:, rows == row][:, :, columns == column].reshape(-1, 3)
            covariances[row, column] = part.T @ part / len(part)
    scales = np.trace(covariances, axis1=2, axis2=3)[..., None, None]
    shapes = covariances / scales
    common, axes = np.linalg.eigh(shapes.mean((0, 1)))
    whitening = axes / np.sqrt(common) @ axes.T
    field = np.empty((tiles, tiles, 3))
    for row, column in np.ndindex(tiles, tiles):
        seen = whitening @ shapes[row, column] @ whitening
        strongest = np.linalg.eigh(seen)[1][:, -1]
        direction = np.linalg.inv(whitening) @ strongest
        field[row, column] = direction / np.linalg.norm(direction)
    return field.astype(np.float32)


def agreement(field, other):
    """The mean |cosine| of two fields' directions."""
    return float(np.abs((field * other).sum(-1)).mean())
