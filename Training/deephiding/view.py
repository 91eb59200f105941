"""What a trainer sees of a released picture: recompressed, filtered, and cropped at every scale."""

import math

import torch
from torch.nn import functional as F

from .attacks import grayscale, jpeg, rescale


def windows(x, side, scales, generator):
    """Random resized crops (N, 3, side, side); half are mirrored.

    `scales` are the least and the largest side of a crop as shares of the picture's, its area
    drawn evenly between; the aspect ratio is 3:4 to 4:3, as in torchvision's RandomResizedCrop.
    """
    n, (low, high) = len(x), scales
    scale = torch.empty(n).uniform_(low**2, high**2, generator=generator).sqrt()
    ratio = torch.empty(n).uniform_(math.log(3 / 4), math.log(4 / 3), generator=generator).exp()
    width, height = (scale * ratio.sqrt()).clamp(max=1), (scale / ratio.sqrt()).clamp(max=1)
    mirror = 1 - 2 * (torch.rand(n, generator=generator) < 0.5).float()
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = mirror * width, height
    theta[:, 0, 2] = (1 - width) * torch.empty(n).uniform_(-1, 1, generator=generator)
    theta[:, 1, 2] = (1 - height) * torch.empty(n).uniform_(-1, 1, generator=generator)
    grid = F.affine_grid(theta.to(x.device), [n, 3, side, side], align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def without_band(x, generator):
    """Without a random ring of half an octave to one of every picture's spectrum."""
    height, width = x.shape[2:]
    vertical, horizontal = torch.fft.fftfreq(height)[:, None], torch.fft.rfftfreq(width)[None]
    radius = (vertical.square() + horizontal.square()).sqrt()
    low = 0.5 * 2 ** -(0.2 + 4 * torch.rand(1, generator=generator))
    high = low * 2 ** (0.5 + 0.5 * torch.rand(1, generator=generator))
    kept = ~((radius >= low) & (radius < high))
    return torch.fft.irfft2(torch.fft.rfft2(x.float()) * kept.to(x.device), s=(height, width))


class View:
    """Draws a countermeasure and crops per batch, by a recipe's probabilities and ranges."""

    def __init__(self, recipe, rng, generator):
        self.recipe, self.rng, self.generator = recipe, rng, generator

    def __call__(self, x):
        """Windows of a batch (N, 3, H, W) in [0, 1], and whether they are gray."""
        recipe, rng = self.recipe, self.rng
        gray = rng.random() < recipe["gray"]
        if gray:
            x = grayscale(x)
        draw = rng.random()
        if draw < recipe["jpeg"]:
            x = jpeg(x, rng.uniform(*recipe["qualities"]))
        elif draw < recipe["jpeg"] + recipe["band"]:
            x = without_band(x, self.generator)
        elif draw < recipe["jpeg"] + recipe["band"] + recipe["rescale"]:
            x = rescale(x, rng.uniform(0.6, 0.9))
        levels = rng.uniform(0, recipe["noise"])
        x = x + torch.randn(x.shape, generator=self.generator).to(x.device) * levels / 255
        seen = windows(x, recipe["input"], recipe["crops"], self.generator)
        if not gray and rng.random() < 0.3:
            tint = torch.rand(len(seen), 3, 1, 1, generator=self.generator) - 0.5
            seen = seen * (1 + 0.3 * tint.to(x.device))
        return seen, gray
