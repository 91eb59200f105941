"""Colour conversion from sRGB via CIE XYZ to CIELAB, and the CIEDE2000 difference; always D65."""

import numpy as np

# IEC 61966-2-1. A table, because a released sample has one of 256 values.
_LEVELS = np.arange(256) / 255
LINEAR = np.where(_LEVELS <= 0.04045, _LEVELS / 12.92, ((_LEVELS + 0.055) / 1.055) ** 2.4).astype(
    np.float32
)
RGB_TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
)
WHITE = RGB_TO_XYZ.sum(1)
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)


def luma(image):
    """The luma Y' (0 to 255, float32) of a uint8 image (H, W, 3)."""
    return image @ _LUMA


def xyz(image):
    """CIE XYZ (..., 3), white at Y = 1, of uint8 sRGB (..., 3); float32."""
    return LINEAR[image] @ RGB_TO_XYZ.T.astype(np.float32)


def lab(values):
    """CIELAB (..., 3) of CIE XYZ (..., 3), white at Y = 1."""
    ratio = values / WHITE.astype(values.dtype)
    edge = (6 / 29) ** 3
    f = np.where(
        ratio > edge, np.cbrt(np.maximum(ratio, edge)), ratio / (3 * (6 / 29) ** 2) + 4 / 29
    )
    return np.stack(
        [116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], -1
    )


def ciede2000(first, second):
    """ΔE00 (...) between CIELAB colours (..., 3), with all weights 1.

    CIE 142-2001, as in Sharma, Wu and Dalal 2005.
    """
    (l1, a1, b1), (l2, a2, b2) = (np.moveaxis(colours, -1, 0) for colours in (first, second))
    seventh = ((np.hypot(a1, b1) + np.hypot(a2, b2)) / 2) ** 7
    stretch = 1.5 - 0.5 * np.sqrt(seventh / (seventh + 25.0**7))
    a1, a2 = a1 * stretch, a2 * stretch
    c1, c2 = np.hypot(a1, b1), np.hypot(a2, b2)
    h1, h2 = np.arctan2(b1, a1), np.arctan2(b2, a2)
    gray = c1 * c2 == 0
    turn = h2 - h1
    turn = np.where(
        gray,
        0,
        np.where(turn > np.pi, turn - 2 * np.pi, np.where(turn < -np.pi, turn + 2 * np.pi, turn)),
    )
    # The middle of the shorter arc. A gray colour has no hue, so the other colour's counts.
    hue = np.where(gray, np.where(c1 == 0, h2, h1), h1 + turn / 2)
    lightness, chroma = (l1 + l2) / 2, (c1 + c2) / 2
    t = (
        1
        - 0.17 * np.cos(hue - np.radians(30))
        + 0.24 * np.cos(2 * hue)
        + 0.32 * np.cos(3 * hue + np.radians(6))
        - 0.20 * np.cos(4 * hue - np.radians(63))
    )
    square = (lightness - 50) ** 2
    dl = (l2 - l1) / (1 + 0.015 * square / np.sqrt(20 + square))
    dc = (c2 - c1) / (1 + 0.045 * chroma)
    dh = 2 * np.sqrt(c1 * c2) * np.sin(turn / 2) / (1 + 0.015 * chroma * t)
    seventh = chroma**7
    degrees = np.degrees(hue) % 360
    rotation = np.radians(60) * np.exp(-(((degrees - 275) / 25) ** 2))
    mixed = -2 * np.sqrt(seventh / (seventh + 25.0**7)) * np.sin(rotation)
    # Rounding can take the sum below zero for nearly equal colours.
    return np.sqrt(np.maximum(dl * dl + dc * dc + dh * dh + mixed * dc * dh, 0))
