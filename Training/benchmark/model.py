"""The network as other engines run it: only what hiding needs, exported to ONNX."""

import torch
from deephiding.network import haar
from torch import nn


def inverse_haar(z):
    """The inverse of `haar` by stacking, which other engines run faster than writes into slices."""
    ll, hl, lh, hh = z.chunk(4, 1)
    n, channels, height, width = ll.shape
    even = torch.stack([ll - hl - lh + hh, ll + hl - lh - hh], 4)
    odd = torch.stack([ll - hl + lh - hh, ll + hl + lh + hh], 4)
    return torch.stack([even, odd], 3).reshape(n, channels, 2 * height, 2 * width) / 2


class Hiding(nn.Module):
    """Maps (cover, secret) to the protected image; skips the last block's unused secret branch."""

    def __init__(self, network):
        super().__init__()
        self.network = network

    def forward(self, cover, secret):
        cover, secret = haar(cover), haar(secret)
        *blocks, last = self.network.blocks
        for block in blocks:
            cover, secret = block(cover, secret)
        return inverse_haar(cover + last.phi(secret))


def operations(configuration, width, height):
    """Floating-point operations of hiding by direct convolution: two per multiply-add."""
    growth, channels = configuration["growth"], 12
    inputs = [channels + k * growth for k in range(5)]
    submodule = sum(9 * size * (growth if k < 4 else channels) for k, size in enumerate(inputs))
    return 2 * submodule * (3 * configuration["blocks"] - 2) * (width // 2) * (height // 2)


def export(network, cover, secret, path):
    """Writes the ONNX file for one image size."""
    torch.onnx.export(
        Hiding(network).eval(),
        (cover, secret),
        str(path),
        input_names=["cover", "secret"],
        output_names=["protected"],
        opset_version=13,
    )
