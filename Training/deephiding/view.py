"""What a trainer sees of a released picture: recompressed, filtered, and cropped at every scale."""

import math

import torch
from torch.nn import functional as F

from .attacks import grayscale, jpeg, rescale


def crops(images, generator, areas, size):
    """Random resized crops (N, 3, height, width) of `size`; half are mirrored.

    As in torchvision's RandomResizedCrop, a crop has an area share drawn from `areas` (least, most)
    and an aspect ratio of 3:4 to 4:3. Sampling is bilinear without antialiasing, so no crop may be
    much larger than `size`.
    """
    n = len(images)
    area = torch.empty(n).uniform_(*areas, generator=generator)
    ratio = torch.empty(n).uniform_(math.log(3 / 4), math.log(4 / 3), generator=generator).exp()
    width, height = (area * ratio).sqrt().clamp(max=1), (area / ratio).sqrt().clamp(max=1)
    mirror = 1 - 2 * (torch.rand(n, generator=generator) < 0.5).float()
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = mirror * width, height
    theta[:, 0, 2] = (1 - width) * torch.empty(n).uniform_(-1, 1, generator=generator)
    theta[:, 1, 2] = (1 - height) * torch.empty(n).uniform_(-1, 1, generator=generator)
    grid = F.affine_grid(theta.to(images.device), [n, 3, *size], align_corners=False)
    return F.grid_sample(images, grid, padding_mode="border", align_corners=False)


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
        areas = [share**2 for share in recipe["crops"]]
        seen = crops(x, self.generator, areas, (recipe["input"], recipe["input"]))
        if not gray and rng.random() < 0.3:
            tint = torch.rand(len(seen), 3, 1, 1, generator=self.generator) - 0.5
            seen = seen * (1 + 0.3 * tint.to(x.device))
        return seen, gray
