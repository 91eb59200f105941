"""The losses of deep hiding (algorithms 1.6, 1.9), all means."""

import torch
from torch import nn
from torch.nn import functional as F

from .network import haar


def hiding(protected, cover, budget):
    """max(MSE, budget^2) for each image: silent once the root mean square of its change is within the budget."""
    return (protected - cover).square().mean((1, 2, 3)).clamp(min=budget**2).mean()


def low_frequency(protected, cover):
    """Mean squared difference of the LL bands."""
    return F.mse_loss(haar(protected)[:, :3], haar(cover)[:, :3])


def high_frequency(protected, cover):
    """Mean squared difference of the HL, LH and HH bands: the part of delta that JPEG and rescaling take away first."""
    return F.mse_loss(haar(protected)[:, 3:], haar(cover)[:, 3:])


def alignment(delta, secret):
    """Mean cosine distance between delta and its secret over the images, the mean of every channel removed.

    Left alone a network writes a secret in a code of its own, such as twice its frequency. What is to survive JPEG was chosen when
    the secrets were designed, so that delta has to look like them.
    """
    planes = [
        F.normalize((x - x.mean((2, 3), keepdim=True)).flatten(1), dim=1) for x in (delta, secret)
    ]
    return (1 - (planes[0] * planes[1]).sum(1)).mean()


def concentration(features, labels):
    """Mean cosine distance 1 - cos over the unordered pairs of one class; zero when there is none.

    `features` (N, D) are those of delta / epsilon, so that they do not drown in the extractor's biases.
    """
    unit = F.normalize(features, dim=1)
    same = torch.triu(labels[:, None] == labels[None, :], 1)
    distances = 1 - unit @ unit.T
    return distances[same].mean() if same.any() else features.sum() * 0


class RandomFeatures(nn.Module):
    """A frozen, seeded convolutional network: the extractor when no pre-trained one is given."""

    def __init__(self, seed=0, widths=(32, 64, 128)):
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        channels, layers = 3, []
        for width in widths:
            layer = nn.Conv2d(channels, width, 3, 2, 1)
            with torch.no_grad():
                layer.weight.normal_(0, (2 / (9 * channels)) ** 0.5, generator=generator)
                layer.bias.zero_()
            layers += [layer, nn.ReLU()]
            channels = width
        self.layers = nn.Sequential(*layers)
        self.requires_grad_(False)

    def forward(self, x):
        return F.adaptive_avg_pool2d(self.layers(x), 4).flatten(1)
