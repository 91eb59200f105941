"""S-CIELAB (Zhang and Wandell 1997): the colour difference after the eye's blur of both images."""

import numpy as np
from scipy.signal import oaconvolve

from . import colour

# A desktop screen: 24 inches, 1920 pixels wide, seen from 95 cm.
PIXELS_A_DEGREE = 60
# Opponent channels (rows: luminance, red-green, blue-yellow) from CIE XYZ.
OPPONENT = np.array([[0.279, 0.720, -0.107], [-0.449, 0.290, -0.077], [0.086, -0.590, 0.501]])
# Per channel, the (weight, spread in degrees) of its Gaussians exp(-x²/spread²).
GAUSSIANS = (
    ((0.921, 0.0283), (0.105, 0.133), (-0.108, 4.336)),
    ((0.531, 0.0392), (0.330, 0.494)),
    ((0.488, 0.0536), (0.371, 0.386)),
)
_STRIP = 128


def kernels(pixels_a_degree=PIXELS_A_DEGREE):
    """The three channels' filters, each (K, K) and summing to 1, truncated at half a degree."""
    radius = int(np.ceil(pixels_a_degree / 2))
    x = np.arange(-radius, radius + 1) / pixels_a_degree
    made = []
    for gaussians in GAUSSIANS:
        total = 0
        for weight, spread in gaussians:
            line = np.exp(-((x / spread) ** 2))
            line /= line.sum()
            total = total + weight * np.outer(line, line)
        made.append((total / total.sum()).astype(np.float32))
    return made


def seen(image, pixels_a_degree=PIXELS_A_DEGREE):
    """CIE XYZ (H, W, 3) of a uint8 image after the eye's blur; edges are mirrored."""
    opponent = colour.xyz(image) @ OPPONENT.T.astype(np.float32)
    filters = kernels(pixels_a_degree)
    radius = len(filters[0]) // 2
    padded = np.pad(opponent, ((radius, radius), (radius, radius), (0, 0)), "symmetric")
    blurred = np.stack([oaconvolve(padded[..., c], filters[c], "valid") for c in range(3)], -1)
    return blurred @ np.linalg.inv(OPPONENT).T.astype(np.float32)


def difference(original, released, pixels_a_degree=PIXELS_A_DEGREE):
    """ΔE00 of every pixel (H, W) between two uint8 images after the eye's blur.

    About 1 is just noticeable.
    """
    first, second = (seen(image, pixels_a_degree) for image in (original, released))
    # In strips, to keep the many intermediate values in the cache.
    return np.concatenate(
        [
            colour.ciede2000(
                colour.lab(first[top : top + _STRIP]), colour.lab(second[top : top + _STRIP])
            )
            for top in range(0, len(first), _STRIP)
        ]
    )
