"""The network as other engines get it: hiding alone, without what hiding does not need, and as an ONNX file."""

import torch
from deephiding.network import haar
from torch import nn


def inverse_haar(z):
    """The inverse of `haar` by stacking, which other engines run faster than writing into slices."""
    ll, hl, lh, hh = z.chunk(4, 1)
    n, channels, height, width = ll.shape
    even = torch.stack([ll - hl - lh + hh, ll + hl - lh - hh], 4)
    odd = torch.stack([ll - hl + lh - hh, ll + hl + lh + hh], 4)
    return torch.stack([even, odd], 3).reshape(n, channels, 2 * height, 2 * width) / 2


class Hiding(nn.Module):
    """(cover, secret) to the protected image. The secret branch that leaves the last block is not computed."""

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
    """Floating-point operations of hiding in one image by direct convolution, two for each multiply-add."""
    growth, channels = configuration["growth"], 12
    inputs = [channels + k * growth for k in range(5)]
    submodule = sum(9 * size * (growth if k < 4 else channels) for k, size in enumerate(inputs))
    return 2 * submodule * (3 * configuration["blocks"] - 2) * (width // 2) * (height // 2)


def export(network, cover, secret, path):
    """Writes the ONNX file for images of this size."""
    torch.onnx.export(
        Hiding(network).eval(),
        (cover, secret),
        str(path),
        input_names=["cover", "secret"],
        output_names=["protected"],
        opset_version=13,
    )
