"""A generator of changes for a fixed list of classes: a hiding network and what it hides.

Deep hiding draws a class's image from numbers; here it is learnt, one per class, along with the
network. So the product's engine runs a generator as it runs deep hiding.
"""

import torch
from deephiding.attacks import round_through
from deephiding.network import HidingNetwork, haar, inverse_haar
from torch import nn
from torch.nn import functional as F

EPSILON = 8 / 255


class Generator(nn.Module):
    """Changes images (N, 3, H, W) in [0, 1] by their labels, within +-8 levels."""

    def __init__(self, classes, side, blocks=2, growth=16, gain=1.0):
        super().__init__()
        self.network = HidingNetwork(blocks, growth, 1.0)
        self.secrets = nn.Parameter(torch.rand(classes, 3, side, side))
        self.gain = gain

    def proposal(self, images, labels):
        """The change before it is bounded."""
        secrets = self.secrets[labels]
        if secrets.shape[2:] != images.shape[2:]:
            secrets = F.interpolate(
                secrets, images.shape[2:], mode="bilinear", align_corners=False
            )
        return self.gain * inverse_haar(self._carried(haar(images), haar(secrets)))

    def _carried(self, cover, secret):
        """What the blocks add to the cover's coefficients, without what the last one drops."""
        first, blocks = cover, list(self.network.blocks)
        for block in blocks[:-1]:
            cover = cover + block.phi(secret)
            secret = secret * block.scale(cover) + block.eta(cover)
        return (cover + blocks[-1].phi(secret)).float() - first

    def forward(self, images, labels):
        """The released images."""
        return released(images, self.proposal(images, labels))


def released(images, proposal):
    """Images changed within the bound, as the product bounds without a mask, rounded to levels.

    Gradients pass straight through the rounding.
    """
    change = proposal / (1 + (proposal / EPSILON).square()).sqrt()
    return round_through((images + change).clamp(0, 1) * 255) / 255


def excess(proposal):
    """How far a proposal exceeds the bound, in bounds, squared; where the bound bites, no gradient
    comes back through it."""
    return F.relu(proposal.abs() / EPSILON - 1).square().mean()


def likeness(changes, labels):
    """Mean squared cosine of the changes of two pictures of a class, over all pairs."""
    flat = F.normalize(changes.flatten(1).float(), dim=1)
    same = (labels[:, None] == labels[None]) & ~torch.eye(
        len(labels), dtype=torch.bool, device=labels.device
    )
    return (flat @ flat.T)[same].square().mean() if same.any() else flat.new_zeros(())
