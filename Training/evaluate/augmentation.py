"""The trainer's per-batch augmentation: random crops and mirroring."""

import numpy as np
import torch
from deephiding.view import crops
from torch.nn import functional as F

# Smallest area share of a resized crop, as in torchvision's RandomResizedCrop.
SMALLEST_CROP = 0.08


def shifted(pixels, rng, pad):
    """Random mirror and zero-padded crop of a uint8 batch (N, H, W, 3), drawn per image."""
    n, h, w, _ = pixels.shape
    padded = F.pad(pixels, (0, 0, pad, pad, pad, pad))
    rows = rng.integers(0, 2 * pad + 1, n)[:, None] + np.arange(h)
    columns = rng.integers(0, 2 * pad + 1, n)[:, None] + np.arange(w)
    columns = np.where(rng.random(n)[:, None] < 0.5, columns[:, ::-1], columns)
    images, rows, columns = (
        torch.from_numpy(i).to(pixels.device) for i in (np.arange(n), rows, columns)
    )
    return padded[images[:, None, None], rows[:, :, None], columns[:, None, :]]


def resized(images, generator, smallest, side=None):
    """`crops` of float images (N, 3, H, W) with an area share of `smallest` to 1.

    `side` is the output side (default: unchanged).
    """
    size = (side, side) if side else images.shape[2:]
    return crops(images, generator, (smallest, 1), size)


def middle(pixels, side):
    """The central square of images (N, H, W, 3)."""
    top, left = (pixels.shape[1] - side) // 2, (pixels.shape[2] - side) // 2
    return pixels[:, top : top + side, left : left + side]
