"""The perceptual budget: how far each pixel may change, per opponent channel, unseen.

The eye's threshold on even ground is a colour difference; texture raises it. All of it is computed
at the working size, because what masks a change is content of the change's own band of
frequencies. Amplitudes are in levels of 1/255.
"""

from dataclasses import dataclass

import torch
from torch.nn import functional as F

LUMA = (0.299, 0.587, 0.114)
# Linear sRGB to XYZ relative to the white point D65.
TO_XYZ = (
    (0.4124 / 0.9505, 0.3576 / 0.9505, 0.1805 / 0.9505),
    (0.2126, 0.7152, 0.0722),
    (0.0193 / 1.089, 0.1192 / 1.089, 0.9505 / 1.089),
)
# Where sRGB's transfer function begins to curve.
KNEE = 0.04045
# Luminance; red against green; blue against both.
DIRECTIONS = ((1.0, 1.0, 1.0), (1.0, -1.0, 0.0), (0.0, 0.0, 1.0))


@dataclass(frozen=True)
class Budget:
    """Colour differences that are allowed, and how texture raises or lowers them."""

    luminance: float = 0.05
    red_green: float = 0.39
    blue: float = 2.2
    # The factor on even ground, the levels of deviation that add 1, and the largest factor. Colour
    # is seen first on even and pale ground.
    luminance_masking: tuple = (1.0, 5.0, 3.0)
    colour_masking: tuple = (0.4, 4.0, 2.5)
    most_levels: float = 8.0
    # Levels of blue's budget where there is none, and per level of blue: Weber's law. A colour
    # difference forgives too much on dark and saturated ground.
    blue_least: float = 1.1
    blue_share: float = 0.055


STANDARD = Budget()


def texture(cover):
    """Standard deviation of the luminance in levels around each pixel, eroded: (N, 1, H, W).

    The deviation is that of 3x3 pixels; the erosion takes the least of 3x3, so that a lone edge,
    beside which a change would be seen, opens nothing.
    """
    luma = 255 * (cover * cover.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)
    padded = F.pad(luma, (1, 1, 1, 1), mode="replicate")
    mean = F.avg_pool2d(padded, 3, 1)
    variance = F.avg_pool2d(padded * padded, 3, 1) - mean * mean
    deviation = variance.clamp(min=0).sqrt()
    return -F.max_pool2d(-F.pad(deviation, (1, 1, 1, 1), mode="replicate"), 3, 1)


def difference_of_a_level(cover):
    """Colour difference (N, 3, H, W) of one level along each of `DIRECTIONS`.

    CIE94's, with CIEDE2000's weight of lightness, which allows more where it is dark or bright;
    from the derivatives of CIELAB of sRGB (IEC 61966-2-1).
    """
    image = cover.clamp(0, 1)
    power = ((image + 0.055) / 1.055) ** 1.4
    linear = torch.where(image <= KNEE, image / 12.92, power * (image + 0.055) / 1.055)
    slope = torch.where(image <= KNEE, torch.full_like(image, 1 / 12.92), power * 2.4 / 1.055)
    to_xyz = cover.new_tensor(TO_XYZ)
    xyz = torch.einsum("ij,njhw->nihw", to_xyz, linear)
    steep = (6 / 29) ** 2
    root = torch.where(
        xyz > (6 / 29) ** 3, xyz.clamp(min=1e-8) ** (1 / 3), xyz / (3 * steep) + 4 / 29
    )
    root_slope = 1 / (3 * root.square().clamp(min=steep))
    lightness = 116 * root[:, 1] - 16
    a, b = 500 * (root[:, 0] - root[:, 1]), 200 * (root[:, 1] - root[:, 2])
    chroma = (a * a + b * b).sqrt().clamp(min=1e-3)
    apart = (lightness - 50) ** 2
    weight = 1 + 0.015 * apart / (20 + apart).sqrt()
    found = []
    for direction in DIRECTIONS:
        step = slope * cover.new_tensor(direction).view(1, 3, 1, 1) / 255
        x, y, z = (root_slope * torch.einsum("ij,njhw->nihw", to_xyz, step)).unbind(1)
        d_l, d_a, d_b = 116 * y, 500 * (x - y), 200 * (y - z)
        d_c = (a * d_a + b * d_b) / chroma
        d_h = (d_a * d_a + d_b * d_b - d_c * d_c).clamp(min=0)
        squares = (
            (d_l / weight) ** 2
            + (d_c / (1 + 0.045 * chroma)) ** 2
            + d_h / (1 + 0.015 * chroma) ** 2
        )
        found.append(squares.sqrt())
    return torch.stack(found, 1)


def amplitudes(cover, budget=STANDARD):
    """Largest changes (N, 3, H, W) in levels along `DIRECTIONS`."""
    deviation = texture(cover)
    luminance, colour = (
        (even + deviation / levels).clamp(max=most)
        for even, levels, most in (budget.luminance_masking, budget.colour_masking)
    )
    masking = torch.cat([luminance, colour, colour], 1)
    allowed = cover.new_tensor([budget.luminance, budget.red_green, budget.blue]).view(1, 3, 1, 1)
    levels = (allowed * masking / difference_of_a_level(cover)).clamp(max=budget.most_levels)
    luminance, red_green, blue = levels.unbind(1)
    most = budget.blue_least + budget.blue_share * 255 * cover[:, 2].clamp(0, 1)
    return torch.stack([luminance, red_green, torch.minimum(blue, most)], 1)


def limited(change, cover, budget=STANDARD, strength=1.0):
    """The change (N, 3, H, W) of an image in [0, 1], kept within its budget."""
    red, green, blue = (255 * change).unbind(1)
    opponent = torch.stack([(red + green) / 2, (red - green) / 2, blue - (red + green) / 2], 1)
    largest = strength * amplitudes(cover, budget)
    luminance, red_green, blue = bound_softly(opponent, largest).unbind(1)
    return torch.stack([luminance + red_green, luminance - red_green, luminance + blue], 1) / 255


def bound_softly(change, bound):
    """A change in levels, each value kept below `bound`: x / sqrt(1 + (x / bound)^2)."""
    return change / (1 + (change / bound).square()).sqrt()
