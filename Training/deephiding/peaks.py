"""Wave projection in the loop: what stands out of each class's spectrum is taken out of all pictures.

As `evaluate.waves` does with a whole set; here the spectra are those of the change, which a trainer
only approaches by averaging over pictures.
"""

import torch

# Share of the running mean that each further batch leaves.
KEPT = 0.8
# Slower waves are content. Cycles per side.
SLOWEST = 3
# Luminance, and blue against red and green.
CHANNELS = ((0.3, 0.6, 0.1), (-0.5, -0.5, 1.0))


class Spectra:
    """Running mean power of every class's changes, (classes, channels, H, W / 2 + 1)."""

    def __init__(self, power=None):
        self.power = power

    def add(self, change, labels, classes):
        """Takes in a batch of changes (N, 3, H, W) in levels."""
        channels = torch.einsum("ij,njhw->nihw", change.new_tensor(CHANNELS), change)
        power = torch.fft.rfft2(channels).abs().square()
        present = [label for label in range(classes) if (labels == label).any()]
        if self.power is None:
            self.power = power.mean(0).expand(classes, *power.shape[1:]).clone()
        for label in present:
            mean = power[labels == label].mean(0)
            self.power[label] += (1 - KEPT) * (mean - self.power[label])

    def kept(self, waves):
        """Which frequencies (H, W / 2 + 1) are left without each class's `waves` in each channel."""
        rows, columns = self.power.shape[2:]
        down = torch.fft.fftfreq(rows, 1 / rows).abs()[:, None]
        fitting = (down.square() + torch.arange(columns).square()).sqrt() >= SLOWEST
        log = (self.power + 1e-3 * self.power.mean()).log()
        excess = log - log.median(0).values
        excess = excess.masked_fill(~fitting.to(excess.device), -torch.inf)
        found = excess.flatten(2).topk(waves, 2).indices.flatten()
        kept = torch.ones(rows * columns, dtype=torch.bool, device=self.power.device)
        kept[found] = False
        return kept.view(rows, columns)


def without(images, kept):
    """The images (N, 3, H, W) without the frequencies that are not `kept`."""
    return torch.fft.irfft2(torch.fft.rfft2(images.float()) * kept, s=images.shape[2:])
