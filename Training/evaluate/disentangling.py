"""A small D-VAE, after Yu et al. (ICML 2024, arXiv 2405.01460).

It splits off what a class's images share. A variational autoencoder whose latent may hold few nats
reconstructs an image without its perturbation, which costs more rate than it is worth. A second
decoder predicts the residual from a map per class and the latent's mean over all positions. Only
what depends on the class can be predicted from these; it is taken for the perturbation and
subtracted. A second pass at a higher rate repeats this on the result.

Needs only the labelled set. Differences from the paper:

- Network (0.1 M parameters), rates, steps and the form of the latent (a map, so that any size fits)
  are this project's.
- The second decoder sees no positions of the latent, through which it would predict content at this
  size. So it cannot split off a pattern whose phase varies within a class (`waves` does that).
- Training uses the images minus both predictions, not a reconstruction, which is blurred here.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from . import classifier
from .purifier import BATCH, FEWEST, LARGEST_CROP, PIXELS_AT_A_TIME, precision_of

# The latent's downscaling factor; crop sides are multiples of it.
CELL = 4

# Nats per pixel that the latent may hold in the first and second passes, and the price per excess
# nat.
RATES, PRICE = (0.1, 0.3), 10.0
STEPS, RATE = 800, 2e-3
WIDTH, LATENT, CLASS = 32, 8, 32
# The scale of initial predictions, and the largest usual perturbation as the unit of differences.
OUTPUT, UNIT = 0.05, 8 / 255


def _decoder(channels):
    return nn.Sequential(
        nn.Conv2d(channels, WIDTH, 3, padding=1), nn.LeakyReLU(0.1), nn.Upsample(scale_factor=2.0),
        nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.LeakyReLU(0.1), nn.Upsample(scale_factor=2.0),
        nn.Conv2d(WIDTH, WIDTH // 2, 3, padding=1), nn.LeakyReLU(0.1),
        nn.Conv2d(WIDTH // 2, 3, 3, padding=1),
    )  # fmt: skip


class Disentangler(nn.Module):
    """Maps images (N, 3, H, W) in [-0.5, 0.5] to reconstruction and predicted perturbation.

    H and W are multiples of `CELL`. A class has a vector for every position, so that fixed patterns
    can be predicted.
    """

    def __init__(self, classes, height, width):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, WIDTH, 3, stride=2, padding=1), nn.LeakyReLU(0.1),
            nn.Conv2d(WIDTH, WIDTH, 3, stride=2, padding=1), nn.LeakyReLU(0.1),
            nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.LeakyReLU(0.1),
            nn.Conv2d(WIDTH, 2 * LATENT, 3, padding=1),
        )  # fmt: skip
        self.picture = _decoder(LATENT)
        self.perturbation = _decoder(LATENT + CLASS)
        self.classes = nn.Parameter(
            torch.randn(classes, CLASS, -(-height // CELL), -(-width // CELL))
        )

    def forward(self, images, labels, top=0, left=0, noisy=True):
        """(reconstruction, predicted perturbation, rate in nats per pixel) of crops.

        (`top`, `left`) is the crops' first cell in their images. Without noise the latent is its
        mean.
        """
        mean, spread = self.encoder(4 * images).chunk(2, 1)
        mean, spread = mean.float(), spread.float().clamp(-8, 4)
        latent = mean + torch.randn_like(mean) * (spread / 2).exp() if noisy else mean
        nats = 0.5 * (mean**2 + spread.exp() - 1 - spread).sum()
        known = self.classes[labels, :, top : top + latent.shape[2], left : left + latent.shape[3]]
        overall = latent.mean((2, 3), keepdim=True).expand_as(latent)
        perturbation = OUTPUT * self.perturbation(torch.cat([overall, known], 1))
        return (
            self.picture(latent),
            perturbation,
            nats / (images.shape[0] * images.shape[2] * images.shape[3])
        )


def train(pixels, labels, seed, rate, precision="float32", steps=None):
    """A `Disentangler` for uint8 images (N, H, W, 3) and labels.

    Its latent holds `rate` nats per pixel.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 25])
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = Disentangler(int(labels.max()) + 1, *pixels.shape[1:3]).to(device)
    steps = STEPS if steps is None else steps
    # Small images are taken whole, because the shared pattern may depend on position. Sides are cut
    # to whole cells.
    side = min(LARGEST_CROP, *(length // CELL * CELL for length in pixels.shape[1:3]))
    count = max(FEWEST, BATCH * 32 * 32 // side**2)
    optimizer = torch.optim.Adam(model.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=0.1
    )
    for _ in range(steps):
        chosen = rng.integers(0, len(pixels), count)
        top, left = (
            int(rng.integers(0, (length - side) // CELL + 1)) for length in pixels.shape[1:3]
        )
        crops = pixels[chosen][:, CELL * top : CELL * top + side, CELL * left : CELL * left + side]
        known = torch.from_numpy(labels[chosen].astype(np.int64)).to(device)
        images = classifier.as_input(crops).to(device)
        with precision_of(precision):
            picture, perturbation, nats = model(images, known, top, left)
        # The second decoder explains what the first leaves, and must not make it leave more.
        left_over = images - picture.float()
        loss = (
            (left_over**2).mean() / UNIT**2
            + ((left_over.detach() - perturbation) ** 2).mean() / UNIT**2
        )
        loss = loss + PRICE * (nats - rate).clamp(min=0) / rate
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 10.0)
        optimizer.step()
        schedule.step()
    return model.eval()


def subtract(model, pixels, labels):
    """The images without the perturbation that a trained model predicts: uint8."""
    device = next(model.parameters()).device
    height, width = pixels.shape[1:3]
    result = np.empty_like(pixels)
    at_a_time = max(1, PIXELS_AT_A_TIME // (height * width))
    with torch.no_grad():
        for start in range(0, len(pixels), at_a_time):
            part = slice(start, start + at_a_time)
            images = classifier.as_input(pixels[part]).to(device)
            padded = F.pad(images, (0, -width % CELL, 0, -height % CELL), mode="replicate")
            known = torch.from_numpy(labels[part].astype(np.int64)).to(device)
            left = images - model(padded, known, noisy=False)[1][:, :, :height, :width]
            levels = (255 * (left + 0.5)).round().clamp(0, 255).to(torch.uint8)
            result[part] = levels.permute(0, 2, 3, 1).cpu().numpy()
    return result


def purify(pixels, labels, seed, precision="float32"):
    """The images without what either pass takes for the perturbation: uint8 (N, H, W, 3)."""
    for number, rate in enumerate(RATES):
        pixels = subtract(train(pixels, labels, 2 * seed + number, rate, precision), pixels, labels)
    return pixels
