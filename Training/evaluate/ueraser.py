"""UEraser (Qin et al. 2023): strong augmentation, keeping each image's draw of largest loss.

Plasma brightness, plasma contrast and channel shuffling have probability 1/2 each; the plasma is
fractal clouds over the image. Every image also gets one operation of TrivialAugment.
"""

import torch
from torch.nn import functional as F

DRAWS = 5
# Share of the training that uses the worst of several draws; after that there is one draw.
WORST_UNTIL = 0.3


def plasma(n, height, width, roughness, generator):
    """Fractal clouds (n, 1, height, width) in [0, 1].

    The sum of octaves of noise, each `roughness` times the previous one.
    """
    total = torch.zeros(n, 1, height, width)
    strength, cells = torch.ones(n, 1, 1, 1), 2
    while cells <= max(height, width):
        noise = torch.rand(n, 1, cells, cells, generator=generator)
        total = total + strength * F.interpolate(
            noise, (height, width), mode="bilinear", align_corners=True
        )
        strength, cells = strength * roughness, cells * 2
    low, high = total.amin((2, 3), keepdim=True), total.amax((2, 3), keepdim=True)
    return (total - low) / (high - low).clamp(min=1e-6)


def _uniform(n, low, high, generator):
    return low + (high - low) * torch.rand(n, 1, 1, 1, generator=generator)


def augment(images, generator):
    """One draw per image (N, 3, H, W) in [0, 1]; uses `generator` and torch's own generator."""
    from torchvision.transforms import TrivialAugmentWide

    n, _, height, width = images.shape
    chosen = (torch.rand(3, n, 1, 1, 1, generator=generator) < 0.5).to(images.device)

    def clouds():
        return 2 * plasma(n, height, width, _uniform(n, 0.3, 0.7, generator), generator).to(images)

    brighter = images + (clouds() - 1) * _uniform(n, 0.5, 1.0, generator).to(images) / 2
    images = torch.where(chosen[0], brighter.clamp(0, 1), images)
    contrasted = (images - 0.5) * clouds() + 0.5
    images = torch.where(chosen[1], contrasted.clamp(0, 1), images)
    order = torch.rand(n, 3, generator=generator).argsort(1).to(images.device)
    shuffled = torch.gather(images, 1, order[:, :, None, None].expand(-1, -1, height, width))
    images = torch.where(chosen[2], shuffled, images)
    trivial = TrivialAugmentWide()
    levels = (255 * images).round().to(torch.uint8)
    return torch.stack([trivial(image) for image in levels]).float() / 255


def augment_each(images, draws, generator):
    """`draws` augmentations of every image, concatenated: (draws * N, 3, H, W)."""
    return torch.cat([augment(images, generator) for _ in range(draws)])
