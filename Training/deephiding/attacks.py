"""Differentiable models of what happens to an image between release and training."""

import math

import torch
from torch.nn import functional as F

_LUMA = [
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
    14, 17, 22, 29, 51, 87, 80, 62,
    18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121,
    120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
]  # fmt: skip
_CHROMA = [17, 18, 24, 47, 18, 21, 26, 66, 24, 26, 56, 99, 47, 66, 99, 99]


def _quantization_tables():
    luma = torch.tensor(_LUMA, dtype=torch.float32).view(8, 8)
    chroma = torch.full((8, 8), 99.0)
    chroma[:4, :4] = torch.tensor(_CHROMA, dtype=torch.float32).view(4, 4)
    return luma, chroma


def _dct_matrix():
    k, n = torch.meshgrid(torch.arange(8.0), torch.arange(8.0), indexing="ij")
    matrix = torch.cos((2 * n + 1) * k * math.pi / 16) / 2
    matrix[0] /= math.sqrt(2)
    return matrix


LUMA_TABLE, CHROMA_TABLE = _quantization_tables()
DCT = _dct_matrix()


def round_through(x):
    """Rounds in the forward pass; the gradient passes straight through."""
    return x + (x.round() - x).detach()


def release(cover, protected, epsilon, levels=True):
    """Clips the perturbation to +-epsilon and the image to [0, 1], then rounds to 8 bits."""
    x = (cover + (protected - cover).clamp(-epsilon, epsilon)).clamp(0, 1)
    return round_through(x * 255) / 255 if levels else x


def grayscale(x):
    """ITU-R 601 luminance in all three channels."""
    return (
        (x * x.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1))
        .sum(1, keepdim=True)
        .expand(-1, 3, -1, -1)
    )


def rescale(x, factor):
    """Downscales by `factor` with antialiasing, then scales back up."""
    height, width = x.shape[2:]
    small = (max(2, round(height * factor)), max(2, round(width * factor)))
    shrunk = F.interpolate(x, small, mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(shrunk, (height, width), mode="bilinear", align_corners=False)


def blur(x, sigma):
    """Gaussian blur with reflected borders."""
    radius = max(1, math.ceil(2 * sigma))
    taps = torch.exp(-torch.arange(-radius, radius + 1.0) ** 2 / (2 * sigma**2)).to(x)
    taps = (taps / taps.sum()).view(1, 1, -1).expand(3, 1, -1)
    x = F.pad(x, (radius,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(x, taps.unsqueeze(2), groups=3), taps.unsqueeze(3), groups=3)


def _blockwise(plane, table):
    n, height, width = plane.shape
    blocks = plane.view(n, height // 8, 8, width // 8, 8).permute(0, 1, 3, 2, 4)
    dct = DCT.to(plane)
    coefficients = round_through(dct @ blocks @ dct.T / table) * table
    return (dct.T @ coefficients @ dct).permute(0, 1, 3, 2, 4).reshape(n, height, width)


def jpeg(x, quality):
    """JPEG with libjpeg's quality scale, YCbCr and 4:2:0 chroma; rounding is straight-through."""
    height, width = x.shape[2:]
    x = F.pad(x, (0, -width % 16, 0, -height % 16), mode="replicate") * 255
    r, g, b = x.unbind(1)
    luma = 0.299 * r + 0.587 * g + 0.114 * b
    chroma = torch.stack([0.564 * (b - luma), 0.713 * (r - luma)], 1)
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    tables = [
        ((t.to(x) * scale + 50) / 100).floor().clamp(1, 255) for t in (LUMA_TABLE, CHROMA_TABLE)
    ]
    luma = _blockwise(luma - 128, tables[0]) + 128
    small = F.avg_pool2d(chroma, 2)
    small = _blockwise(small.flatten(0, 1), tables[1]).view_as(small)
    blue, red = F.interpolate(small, scale_factor=2, mode="bilinear", align_corners=False).unbind(1)
    rgb = torch.stack(
        [luma + 1.402 * red, luma - 0.344136 * blue - 0.714136 * red, luma + 1.772 * blue], 1
    )
    return (rgb / 255).clamp(0, 1)[:, :, :height, :width]


class AttackLayer:
    """Draws one attack per step; returns the attacked release and whether colour was lost.

    `weights` maps each kind (`none`, `rescale`, `blur`, `jpeg`) to its weight; one of them is drawn
    per step. `gray_probability` and `noise` (largest standard deviation, in levels of 1/255) apply
    independently.
    """

    KINDS = ("none", "rescale", "blur", "jpeg")

    def __init__(
        self,
        weights,
        generator,
        rescale=(0.5, 0.9),
        blur=(0.4, 1.0),
        jpeg=(40, 95),
        gray_probability=0.0,
        noise=0.0,
    ):
        unknown = set(weights) - set(self.KINDS)
        if unknown:
            raise ValueError(
                f"unknown attack {sorted(unknown)}; the kinds are {', '.join(self.KINDS)}"
            )
        self.kinds, self.weights = list(weights), torch.tensor([float(w) for w in weights.values()])
        self.generator, self.ranges = generator, {"rescale": rescale, "blur": blur, "jpeg": jpeg}
        self.gray_probability, self.noise = gray_probability, noise

    def _uniform(self, low, high):
        return low + (high - low) * torch.rand(1, generator=self.generator).item()

    def __call__(self, released, probability=1.0):
        if self._uniform(0, 1) >= probability:
            return released, False
        kind = self.kinds[torch.multinomial(self.weights, 1, generator=self.generator).item()]
        x = released
        lost_colour = self._uniform(0, 1) < self.gray_probability
        if lost_colour:
            x = grayscale(x)
        if kind != "none":
            amount = self._uniform(*self.ranges[kind])
            x = {"rescale": rescale, "blur": blur, "jpeg": jpeg}[kind](x, amount)
        if self.noise:
            x = x + torch.randn(x.shape, generator=self.generator).to(x) * (
                self._uniform(0, self.noise) / 255
            )
        return x, lost_colour
