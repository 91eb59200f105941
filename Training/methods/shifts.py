"""Random mirrors and zero-padded shifts of a batch, through which gradients flow."""

import torch
from torch.nn import functional as F


class Shift:
    """One draw for N images of H x W: a mirror with probability 1/2, a shift of at most `pad`."""

    def __init__(self, shape, pad, generator, device="cpu"):
        n, _, height, width = shape
        self.pad = pad

        def drawn():
            return torch.randint(0, 2 * pad + 1, (n, 1), generator=generator)

        rows = drawn() + torch.arange(height)
        columns = drawn() + torch.arange(width)
        mirrored = torch.rand(n, 1, generator=generator) < 0.5
        columns = torch.where(mirrored, columns.flip(1), columns)
        self.rows, self.columns = rows.to(device), columns.to(device)

    def __call__(self, images):
        """The shifted images (N, C, H, W); what comes in from outside is 0."""
        n, channels, height, width = images.shape
        padded = F.pad(images, (self.pad,) * 4)
        rows = self.rows[:, None, :, None].expand(n, channels, height, padded.shape[3])
        columns = self.columns[:, None, None, :].expand(n, channels, height, width)
        shifted = padded.gather(2, rows).gather(3, columns)
        return shifted.contiguous(memory_format=torch.channels_last)
