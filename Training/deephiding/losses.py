"""The losses of deep hiding, all of them means.

From Meng et al., Semantic Deep Hiding for Robust Unlearnable Examples.
"""

import torch
from torch import nn
from torch.nn import functional as F

from .network import haar


def hiding(protected, cover, budget):
    """max(MSE, budget^2) per image: no gradient while the RMS perturbation is within the budget."""
    return (protected - cover).square().mean((1, 2, 3)).clamp(min=budget**2).mean()


def low_frequency(protected, cover):
    """Mean squared difference of the LL bands."""
    return F.mse_loss(haar(protected)[:, :3], haar(cover)[:, :3])


def high_frequency(protected, cover):
    """Mean squared difference of the HL, LH and HH bands, which JPEG and rescaling remove first."""
    return F.mse_loss(haar(protected)[:, 3:], haar(cover)[:, 3:])


def alignment(delta, secret):
    """Mean cosine distance between each image's delta and its secret, with channel means removed.

    Left alone, the network encodes secrets in a form of its own, for example at twice their
    frequency. The secrets are designed to survive JPEG, so delta has to resemble them.
    """
    planes = [
        F.normalize((x - x.mean((2, 3), keepdim=True)).flatten(1), dim=1) for x in (delta, secret)
    ]
    return (1 - (planes[0] * planes[1]).sum(1)).mean()


def concentration(features, labels):
    """Mean cosine distance 1 - cos over the unordered pairs within a class; zero if there are none.

    `features` (N, D) are those of delta / epsilon, so that the extractor's biases do not swamp
    them.
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
