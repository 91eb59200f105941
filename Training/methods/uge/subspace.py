"""A secret subspace of low frequencies, which holds the change; the licensed learner omits it.

What the authorised network gets of a protected picture is then what it gets of the original, up to
rounding, so that its gradients match at every step and not only where they were matched.
"""

import math

import numpy as np
import torch
from deephiding.attacks import round_through

from ..course import images_of
from ..generator import EPSILON


def frequencies(side):
    """The DCT-II matrix (side, side), orthonormal, rows by frequency."""
    k, n = np.meshgrid(np.arange(side), np.arange(side), indexing="ij")
    matrix = np.cos((2 * n + 1) * k * math.pi / (2 * side)) * math.sqrt(2 / side)
    matrix[0] /= math.sqrt(2)
    return matrix


class View:
    """`rank` orthonormal pictures (3, side, side), drawn with `key` among those of low frequency.

    `band` is the share of frequencies along a side that they are drawn from.
    """

    def __init__(self, side, rank, key, band=0.5):
        kept = max(2, round(band * side))
        rng = np.random.default_rng(key)
        size = 3 * kept * kept
        mixed, _ = np.linalg.qr(rng.standard_normal((size, rank)))
        low = frequencies(side)[:kept]
        coefficients = mixed.T.reshape(rank, 3, kept, kept)
        pictures = np.einsum("rcij,iy,jx->rcyx", coefficients, low, low, optimize=True)
        self.basis = torch.from_numpy(pictures.reshape(rank, -1)).float()
        self.side = side

    def part(self, images):
        """The part of images (N, 3, side, side) in the subspace."""
        flat = images.flatten(1)
        return (flat @ self.basis.T @ self.basis).view_as(images)

    def released(self, images, proposal):
        """Images changed by the part of a proposal in the subspace, rounded to levels.

        The change of a picture is scaled as a whole, so that it stays in the subspace.
        """
        change = self.part(proposal)
        largest = change.abs().amax((1, 2, 3), keepdim=True)
        change = change * (EPSILON / largest.clamp(min=1e-6)).clamp(max=1)
        return round_through((images + change).clamp(0, 1) * 255) / 255

    def __call__(self, pixels):
        """What the licensed learner gets of uint8 pictures (N, side, side, 3): the rest."""
        images = images_of(pixels)
        seen = ((images - self.part(images)).clamp(0, 1) * 255).round()
        return seen.to(torch.uint8).permute(0, 2, 3, 1).numpy()

