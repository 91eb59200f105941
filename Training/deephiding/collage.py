"""Collages: semantic images with shapes. A class has two motifs and three colours, a picture
their places, sizes and turns.

Version 3 of the semantic images; `CollageGenerator` in Swift draws the same. Only sums, products,
quotients, roots and the sine of the turns are used, so that all machines draw the same bits.
"""

import math

import numpy as np

from .semantic_images import MASK, SplitMix64

VERSION = 3
# In pixels: between two motifs, and the smallest and largest mean radius.
SPACING, RADII = 5.76, (2.048, 4.352)
# Width in pixels over which an outline fades.
EDGE = 1.0
# Fractions of the golden ratio and of the plastic number: neighbouring classes lie far apart.
HUE_STEP, LIGHT_STEP = 0.6180339887498949, 0.7548776662466927
CLASS_STEP = 0x9E3779B97F4A7C15


class Motif:
    """radius * (1 + depth cos(lobes angle)), stretched and turned; a ring or filled."""

    def __init__(self, random):
        self.lobes = 1 + int(random.uniform(0, 6))
        self.depth = random.uniform(0.0, 0.6)
        self.aspect = random.uniform(0.35, 1)
        self.turn = random.uniform(0, math.pi)
        self.ring = random.uniform() < 0.4
        self.radius = random.uniform(*RADII)

    def coverage(self, x, y, radius, turn):
        """Share of each pixel, 0 to 1, at offsets `x`, `y` from the motif's centre."""
        cosine, sine = math.cos(self.turn + turn), math.sin(self.turn + turn)
        u, v = x * cosine + y * sine, (y * cosine - x * sine) / self.aspect
        distance = np.sqrt(u * u + v * v)
        towards = np.where(distance > 0, u / np.where(distance > 0, distance, 1), 1)
        outline = radius * (1 + self.depth * _chebyshev(self.lobes, towards))
        inside = np.clip((outline - distance) / EDGE + 0.5, 0, 1)
        if self.ring:
            inside = inside * (1 - np.clip((0.55 * outline - distance) / EDGE + 0.5, 0, 1))
        return inside


def _chebyshev(degree, x):
    """cos(degree * arccos x)."""
    before, now = np.ones_like(x), x
    for _ in range(degree - 1):
        before, now = now, 2 * x * now - before
    return now


def _rgb(hue, lightness, saturation):
    """An HLS colour, each part in [0, 1], as red, green and blue."""
    high = lightness + saturation * min(lightness, 1 - lightness)
    low = 2 * lightness - high
    channels = []
    for offset in (2, 0, -2):
        place = (6 * hue + offset) % 6
        share = min(max(min(place, 4 - place), 0), 1)
        channels.append(low + (high - low) * share)
    return channels


def palette(family_seed, class_index, random):
    """Background and two motifs' colours, (3, 3)."""
    first = SplitMix64(family_seed).uniform()
    hue = (first + class_index * HUE_STEP) % 1
    lightness = 0.25 + 0.5 * ((random.uniform() + class_index * LIGHT_STEP) % 1)
    colours = [_rgb(hue, lightness, random.uniform(0.4, 0.9))]
    for shift in (0.5, 0.3):
        depth = 0.25 * random.uniform()
        other = 0.15 + depth if lightness > 0.5 else 0.85 - depth
        place = (hue + shift + 0.2 * random.uniform()) % 1
        colours.append(_rgb(place, other, random.uniform(0.5, 1)))
    return np.array(colours)


def collage(family_seed, class_index, texture_seed, width, height):
    """The collage as float32 (3, height, width) in [0, 1]."""
    kind = SplitMix64((family_seed ^ CLASS_STEP * (class_index + 1)) & MASK)
    kind.next()
    colours = palette(family_seed, class_index, kind)
    motifs = [Motif(kind), Motif(kind)]
    texture = SplitMix64(texture_seed)
    picture = np.empty((3, height, width))
    picture[:] = colours[0][:, None, None]
    for row in range(int(height / SPACING) + 2):
        for column in range(int(width / SPACING) + 2):
            centre_x = (column - 0.5 + texture.uniform(-0.4, 0.4)) * SPACING
            centre_y = (row - 0.5 + texture.uniform(-0.4, 0.4)) * SPACING
            which = int(texture.uniform(0, 2))
            radius = motifs[which].radius * texture.uniform(0.7, 1.3)
            turn = texture.uniform(-0.35, 0.35)
            reach = int(1.7 * radius) + 2
            left, top = math.floor(centre_x) - reach, math.floor(centre_y) - reach
            right, bottom = min(width, left + 2 * reach + 1), min(height, top + 2 * reach + 1)
            left, top = max(0, left), max(0, top)
            if left >= right or top >= bottom:
                continue
            x = np.arange(left, right, dtype=np.float64)[None] - centre_x
            y = np.arange(top, bottom, dtype=np.float64)[:, None] - centre_y
            share = motifs[which].coverage(x, y, radius, turn)
            part = picture[:, top:bottom, left:right]
            part += share * (colours[1 + which][:, None, None] - part)
    return picture.astype(np.float32)
