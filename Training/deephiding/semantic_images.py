"""Procedural semantic images: a class outline from one seed, a texture from a second (algorithms 1.10).

The outline of a class is the direction and the spacing of strokes that cover the picture. The texture is what may change
from sample to sample: where the strokes start. This file is the reference; `SemanticImages` in Swift draws the same images.
"""

import math

import numpy as np

VERSION = 2
MASK = (1 << 64) - 1
# Shortest and longest distance between two strokes, in pixels: what survives JPEG and is not yet content.
WAVELENGTHS = (4.5, 6.5)
# Fractions of the golden ratio and of the plastic number: neighbours in class index are far apart.
DIRECTION_STEP, WAVELENGTH_STEP = 0.6180339887498949, 0.5698402909980532


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
    """Direction (radians) and wavelength (pixels) of a class's strokes.

    Trainers mirror pictures, so that directions count as if folded into a quarter turn. Every other class has the mirrored one.
    """
    family = SplitMix64(family_seed)
    angle, spacing = family.uniform(), family.uniform()
    folded = math.pi / 2 * ((angle + class_index * DIRECTION_STEP) % 1)
    direction = math.pi - folded if class_index % 2 else folded
    low, high = WAVELENGTHS
    return direction, low + (high - low) * ((spacing + class_index * WAVELENGTH_STEP) % 1)


def semantic_image(family_seed, class_index, texture_seed, width, height):
    """The semantic image as float32 (3, height, width) in [0, 1], gray."""
    direction, wavelength = class_outline(family_seed, class_index)
    phase = SplitMix64(texture_seed).uniform(0, 2 * math.pi)
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    wave = np.sin(2 * math.pi / wavelength * (x * math.cos(direction) + y * math.sin(direction)) + phase)
    plane = 0.5 + 0.4 * np.clip(1.5 * wave, -1, 1)
    return np.repeat(plane[None].astype(np.float32), 3, 0)
