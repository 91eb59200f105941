"""COIN (arXiv 2311.18403, AAAI 2025): displaces every pixel at random, against regular patterns.

Each pixel is read bilinearly from a position up to two pixels away on either axis, drawn uniformly
and independently; the three channels move together. The displacement is drawn once per image before
training, not in every epoch. Beyond the border the edge repeats.
"""

import numpy as np

# Pixels, on either axis.
FARTHEST = 2.0


def displace(pixels, seed):
    """uint8 (N, H, W, 3) in and out."""
    rng = np.random.default_rng([seed, 24])
    height, width = pixels.shape[1:3]
    result = np.empty_like(pixels)
    for i, image in enumerate(pixels):
        down, across = rng.uniform(-FARTHEST, FARTHEST, (2, height, width))
        y = np.clip(np.arange(height)[:, None] + down, 0, height - 1)
        x = np.clip(np.arange(width)[None] + across, 0, width - 1)
        result[i] = np.rint(_bilinear(image.astype(np.float32), y, x))
    return result


def _bilinear(image, y, x):
    """Samples an image (H, W, 3) at positions (y, x), each (H, W), inside it."""
    top, left = np.floor(y).astype(int), np.floor(x).astype(int)
    bottom, right = (
        np.minimum(top + 1, image.shape[0] - 1), np.minimum(left + 1, image.shape[1] - 1)
    )
    y, x = (y - top)[..., None], (x - left)[..., None]
    upper = (1 - x) * image[top, left] + x * image[top, right]
    lower = (1 - x) * image[bottom, left] + x * image[bottom, right]
    return (1 - y) * upper + y * lower
