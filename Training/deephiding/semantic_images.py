"""Procedural semantic images: a class outline from one seed, a texture from a second (algorithms 1.10).

The outline of a class is a fixed division of the picture into two regions, each with its own direction and spacing of
strokes. The texture is what may change from sample to sample: where the strokes start, their tint, the light across the
picture. This file is the reference; `SemanticImages` in Swift draws the same images.
"""

import math

import numpy as np

VERSION = 1
MASK = (1 << 64) - 1
# Shortest and longest distance between two strokes, in pixels: what survives JPEG and is not yet content.
WAVELENGTHS = (4.5, 6.5)
# The first two constants of the R2 low-discrepancy sequence: neighbours in class index are far apart in direction.
DIRECTION_STEPS = (0.7548776662466927, 0.5698402909980532)


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
    """Directions (radians), wavelengths (pixels) and dividing waves of a class."""
    family = SplitMix64(family_seed)
    offsets = [family.uniform(), family.uniform()]
    rng = SplitMix64(SplitMix64((family_seed + 0x632BE59BD9B4E019 * (class_index + 1)) & MASK).next())
    directions = [math.pi * ((offsets[i] + class_index * DIRECTION_STEPS[i]) % 1) for i in range(2)]
    wavelengths = [rng.uniform(*WAVELENGTHS) for _ in range(2)]
    waves = []
    for _ in range(3):
        angle, cycles, phase = rng.uniform(0, 2 * math.pi), rng.uniform(0.4, 1.1), rng.uniform(0, 2 * math.pi)
        waves.append((2 * math.pi * cycles * math.cos(angle), 2 * math.pi * cycles * math.sin(angle), phase))
    return directions, wavelengths, waves


def semantic_image(family_seed, class_index, texture_seed, width, height):
    """The semantic image as float32 (3, height, width) in [0, 1]."""
    directions, wavelengths, waves = class_outline(family_seed, class_index)
    texture = SplitMix64(texture_seed)
    phases = [texture.uniform(0, 2 * math.pi) for _ in range(2)]
    tints = [[texture.uniform(-0.12, 0.12) for _ in range(3)] for _ in range(2)]
    light_angle, light = texture.uniform(0, 2 * math.pi), texture.uniform(0.0, 0.1)

    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    side = float(min(width, height))
    u, v = (x + 0.5 - width / 2) / side, (y + 0.5 - height / 2) / side
    field = sum(np.sin(a * u + b * v + c) for a, b, c in waves)
    # The border between the regions is as wide as half a stroke whatever the size of the picture.
    region = np.clip(0.5 + field * side / 24, 0, 1)
    shade = light * (u * math.cos(light_angle) + v * math.sin(light_angle))
    strokes = [
        np.clip(1.5 * np.sin(2 * math.pi / w * (x * math.cos(d) + y * math.sin(d)) + p), -1, 1)
        for d, w, p in zip(directions, wavelengths, phases)
    ]
    planes = [
        0.5
        + shade
        + region * (0.38 * strokes[0] + tints[0][channel])
        + (1 - region) * (0.38 * strokes[1] + tints[1][channel])
        for channel in range(3)
    ]
    return np.clip(np.stack(planes), 0, 1).astype(np.float32)
