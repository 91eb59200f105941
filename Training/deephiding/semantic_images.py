"""Procedural semantic images: one seed gives the class outline, a second one the texture.

A class's outline is the direction and spacing of strokes that cover the image: one kind in red and
green, another in blue. The texture is where the strokes start; it may differ per sample. This file
is the reference; `SemanticImages` in Swift draws the same images.
"""

import math

import numpy as np

VERSION = 2
MASK = (1 << 64) - 1
# Range of stroke spacings in pixels. Red and green carry nearly all of the luminance: their strokes
# survive JPEG and are still finer than content. JPEG blurs blue anyway, so its strokes take
# spacings that images hardly contain.
WAVELENGTHS = ((4.5, 6.5), (3.5, 4.5))
# Fractions of the golden ratio and of the plastic number, and of sqrt(2): they keep neighbouring
# class indices far apart.
DIRECTION_STEPS = (0.6180339887498949, 0.7548776662466927)
WAVELENGTH_STEPS = (0.5698402909980532, 0.41421356237309515)


class SplitMix64:
    """Steele, Lea and Flood's generator; `uniform` has 53 random bits in [0, 1)."""

    def __init__(self, seed):
        self.state = seed & MASK

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        return z ^ (z >> 31)

    def uniform(self, low=0.0, high=1.0):
        return low + (high - low) * ((self.next() >> 11) * 2.0**-53)


def class_outline(family_seed, class_index):
    """(direction in radians, wavelength in pixels) of a class's red-green, then blue strokes.

    Trainers mirror images, so directions are spaced as if folded into a quarter turn. The direction
    is mirrored in every other class for red and green, and in every other pair of classes for blue.
    """
    family = SplitMix64(family_seed)
    strokes = []
    for channel in range(2):
        angle, spacing = family.uniform(), family.uniform()
        folded = math.pi / 2 * ((angle + class_index * DIRECTION_STEPS[channel]) % 1)
        direction = math.pi - folded if class_index >> channel & 1 else folded
        low, high = WAVELENGTHS[channel]
        strokes.append(
            (
                direction,
                low + (high - low) * ((spacing + class_index * WAVELENGTH_STEPS[channel]) % 1),
            )
        )
    return strokes


def semantic_image(family_seed, class_index, texture_seed, width, height):
    """The semantic image as float32 (3, height, width) in [0, 1]."""
    texture = SplitMix64(texture_seed)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    planes = []
    for direction, wavelength in class_outline(family_seed, class_index):
        phase = texture.uniform(0, 2 * math.pi)
        wave = np.sin(
            2 * math.pi / wavelength * (x * math.cos(direction) + y * math.sin(direction)) + phase
        )
        planes.append((0.5 + 0.4 * np.clip(1.5 * wave, -1, 1)).astype(np.float32))
    return np.stack([planes[0], planes[0], planes[1]])
