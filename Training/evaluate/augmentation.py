"""The trainer's per-batch augmentation: random crops and mirroring."""

import math

import numpy as np
import torch
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
    """Random resized crops of float images (N, 3, H, W); half of them are mirrored.

    `side` is the output side (default: unchanged). As in RandomResizedCrop, a crop has an area
    share of `smallest` to 1 and an aspect ratio of 3:4 to 4:3. Sampling is bilinear without
    antialiasing, so no crop may be much larger than `side`.
    """
    n = len(images)
    area = torch.empty(n).uniform_(smallest, 1, generator=generator)
    ratio = torch.empty(n).uniform_(math.log(3 / 4), math.log(4 / 3), generator=generator).exp()
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    mirror = 1 - 2 * (torch.rand(n, generator=generator) < 0.5).float()
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = mirror * width, height
    theta[:, 0, 2] = (1 - width) * torch.empty(n).uniform_(-1, 1, generator=generator)
    theta[:, 1, 2] = (1 - height) * torch.empty(n).uniform_(-1, 1, generator=generator)
    size = (n, 3, side, side) if side else images.shape
    grid = F.affine_grid(theta.to(images.device), list(size), align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


def middle(pixels, side):
    """The central square of images (N, H, W, 3)."""
    top, left = (pixels.shape[1] - side) // 2, (pixels.shape[2] - side) // 2
    return pixels[:, top : top + side, left : left + side]
