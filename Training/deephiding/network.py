"""The invertible hiding network: Haar wavelet, dense sub-modules, affine coupling blocks.

HiNet's architecture as the deep-hiding paper uses it (eq. 3-6): a cover and a secret branch of 12
wavelet channels each, coupled by three dense sub-modules per block. `blocks`, `growth` and `clamp`
are free.
"""

import torch
from torch import nn
from torch.nn import functional as F

WAVELET_CHANNELS = 12


def haar(x):
    """Haar transform of (N, 3, H, W), H and W even, to (N, 12, H/2, W/2), orthonormal.

    The channels are the bands LL, HL, LH, HH of three colours each.
    """
    a, b = x[:, :, 0::2, 0::2], x[:, :, 1::2, 0::2]
    c, d = x[:, :, 0::2, 1::2], x[:, :, 1::2, 1::2]
    return torch.cat([a + b + c + d, c + d - a - b, b + d - a - c, a + d - b - c], 1) / 2


def inverse_haar(z):
    """The inverse of `haar`."""
    ll, hl, lh, hh = z.chunk(4, 1)
    n, channels, height, width = ll.shape
    x = z.new_empty(n, channels, 2 * height, 2 * width)
    x[:, :, 0::2, 0::2] = (ll - hl - lh + hh) / 2
    x[:, :, 1::2, 0::2] = (ll - hl + lh - hh) / 2
    x[:, :, 0::2, 1::2] = (ll + hl - lh - hh) / 2
    x[:, :, 1::2, 1::2] = (ll + hl + lh + hh) / 2
    return x


class DenseSubmodule(nn.Module):
    """Five 3x3 convolutions, each fed the input and all earlier outputs.

    LeakyReLU 0.01 follows the first four.
    """

    def __init__(self, growth, channels=WAVELET_CHANNELS):
        super().__init__()
        for k in range(1, 6):
            outputs = growth if k < 5 else channels
            convolution = nn.Conv2d(channels + (k - 1) * growth, outputs, 3, 1, 1)
            nn.init.kaiming_normal_(convolution.weight, a=0.01)
            with torch.no_grad():
                convolution.weight.mul_(0.5)
            nn.init.zeros_(convolution.bias)
            if k == 5:
                nn.init.zeros_(convolution.weight)
            self.add_module(f"conv{k}", convolution)

    def forward(self, x):
        features = x
        for k in range(1, 5):
            features = torch.cat(
                [features, F.leaky_relu(getattr(self, f"conv{k}")(features), 0.01)], 1
            )
        return self.conv5(features)


class CouplingBlock(nn.Module):
    """One invertible block.

    phi adds the secret to the cover; rho and eta scale and shift the secret by the cover.
    """

    def __init__(self, growth, clamp):
        super().__init__()
        self.clamp = clamp
        self.phi, self.rho, self.eta = (DenseSubmodule(growth) for _ in range(3))

    def scale(self, cover):
        """exp(clamp * tanh(rho / 2)), between e^-clamp and e^clamp."""
        return torch.exp(self.clamp * torch.tanh(self.rho(cover) / 2))

    def forward(self, cover, secret):
        cover = cover + self.phi(secret)
        return cover, secret * self.scale(cover) + self.eta(cover)

    def inverse(self, cover, secret):
        secret = (secret - self.eta(cover)) / self.scale(cover)
        return cover - self.phi(secret), secret


class HidingNetwork(nn.Module):
    """`blocks` coupling blocks between a Haar transform and its inverse.

    Images are (N, 3, H, W) in [0, 1], with H and W even.
    """

    def __init__(self, blocks=16, growth=32, clamp=2.0):
        super().__init__()
        self.configuration = {"blocks": blocks, "growth": growth, "clamp": clamp}
        self.blocks = nn.ModuleList(CouplingBlock(growth, clamp) for _ in range(blocks))

    def hide(self, cover, secret):
        """Returns (x_ue, lost): the unclamped protected image, and the dropped secret branch."""
        z_cover, z_secret = haar(cover), haar(secret)
        for block in self.blocks:
            z_cover, z_secret = block(z_cover, z_secret)
        return inverse_haar(z_cover), z_secret

    def reveal(self, released, noise=None):
        """Reads the secret from a released image.

        `noise` replaces the lost branch; it is normal by default.
        """
        z_cover = haar(released)
        z_secret = torch.randn_like(z_cover) if noise is None else noise
        for block in reversed(self.blocks):
            z_cover, z_secret = block.inverse(z_cover, z_secret)
        return inverse_haar(z_secret)
