"""SimCLR (Chen et al. 2020): unsupervised features of protected images, then a linear probe.

The probe is trained on the clean labelled images, as in the evaluations the paper follows. The
question is whether protection spoils the features, not the labels.
"""

import math
from dataclasses import dataclass

import learners
import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from . import augmentation, classifier

TEMPERATURE = 0.5


@dataclass(frozen=True)
class Recipe:
    """Pre-training on pairs of views, and the probe's epochs; both use SGD with momentum 0.9."""

    learner: str = "ResNet-18"
    epochs: int = 500
    batch: int = 512
    rate: float = 0.5
    weight_decay: float = 1e-4
    probe_epochs: int = 100
    probe_rate: float = 1.0


FULL = Recipe()
CPU = Recipe("narrow", epochs=30, batch=256, probe_epochs=20)


def _scale(low, high, n, generator, device):
    return (low + (high - low) * torch.rand(n, 1, 1, 1, generator=generator)).to(device)


def _luminance(images):
    weights = torch.tensor([0.299, 0.587, 0.114], device=images.device).view(1, 3, 1, 1)
    return (images * weights).sum(1, keepdim=True)


def _jitter(images, generator):
    """Colour jitter: brightness, contrast and saturation by 0.6 to 1.4, and hue.

    Hue turns by up to a tenth of the circle, in the YIQ plane.
    """
    n, device = len(images), images.device
    x = (images * _scale(0.6, 1.4, n, generator, device)).clamp(0, 1)
    middle = _luminance(x).mean((1, 2, 3), keepdim=True)
    x = (middle + (x - middle) * _scale(0.6, 1.4, n, generator, device)).clamp(0, 1)
    gray = _luminance(x)
    x = (gray + (x - gray) * _scale(0.6, 1.4, n, generator, device)).clamp(0, 1)
    yiq = torch.tensor(
        [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]],
        device=device,
    )
    y, i, q = torch.einsum("ck,nkhw->cnhw", yiq, x).unsqueeze(2)
    angle = 2 * math.pi * _scale(-0.1, 0.1, n, generator, device)
    turned = torch.cat([y, angle.cos() * i - angle.sin() * q, angle.sin() * i + angle.cos() * q], 1)
    return torch.einsum("ck,nkhw->nchw", torch.linalg.inv(yiq), turned).clamp(0, 1)


def view(images, generator):
    """One random view of every image (N, 3, H, W) in [0, 1].

    Crop, mirror, jitter with p = 0.8, gray with p = 0.2.
    """
    x = augmentation.resized(images, generator, 0.2)
    chance = torch.rand(2, len(x), 1, 1, 1, generator=generator).to(x.device)
    x = torch.where(chance[0] < 0.8, _jitter(x, generator), x)
    return torch.where(chance[1] < 0.2, _luminance(x).expand_as(x), x)


def contrast(first, second, temperature=TEMPERATURE):
    """NT-Xent: each of the 2N projections must find its other view among all the others."""
    z = F.normalize(torch.cat([first, second]), dim=1)
    likeness = z @ z.T / temperature
    likeness.fill_diagonal_(-math.inf)
    n = len(first)
    partner = torch.cat([torch.arange(n, 2 * n), torch.arange(n)]).to(z.device)
    return F.cross_entropy(likeness, partner)


def _headless(learner):
    """The network without its last linear layer, and its number of features."""
    network = learners.ALL[learner](10)
    name = "head" if hasattr(network, "head") else "fc"
    width = getattr(network, name).in_features
    setattr(network, name, nn.Identity())
    return network, width


def train(x, y, x_clean, x_test, y_test, seed, recipe, classes=10):
    """Pre-trains on `x` and fits the probe on clean (`x_clean`, `y`).

    Returns the probe's test accuracy after every epoch.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(seed)
    generator, rng = torch.Generator().manual_seed(seed), np.random.default_rng(seed)
    network, width = _headless(recipe.learner)
    projection = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 128))
    both = nn.ModuleList([network, projection]).to(device)
    pixels = torch.from_numpy(np.ascontiguousarray(x)).to(device)
    an_epoch = len(x) // recipe.batch
    optimizer = torch.optim.SGD(
        both.parameters(), recipe.rate, 0.9, weight_decay=recipe.weight_decay
    )
    steps = max(1, an_epoch * recipe.epochs)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps, recipe.rate * 1e-3)
    for _ in range(recipe.epochs):
        order = torch.from_numpy(rng.permutation(len(x))[: an_epoch * recipe.batch])
        for chosen in order.split(recipe.batch):
            images = classifier.as_input(pixels[chosen.to(device)]) + 0.5
            first, second = (projection(network(view(images, generator) - 0.5)) for _ in range(2))
            loss = contrast(first, second)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
    return _probe(network, width, x_clean, y, x_test, y_test, rng, recipe, classes, device)


def _probe(network, width, x, y, x_test, y_test, rng, recipe, classes, device):
    network.eval()
    head = nn.Linear(width, classes).to(device)
    optimizer = torch.optim.SGD(head.parameters(), recipe.probe_rate, 0.9)
    milestones = [round(share * recipe.probe_epochs) for share in (0.6, 0.75, 0.9)]
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, 0.2)
    pixels, labels = (
        torch.from_numpy(np.ascontiguousarray(x)).to(device),
        torch.from_numpy(y.astype(np.int64)).to(device)
    )
    tests, wanted = (
        torch.from_numpy(np.ascontiguousarray(x_test)),
        torch.from_numpy(y_test.astype(np.int64)).to(device)
    )

    def features(images):
        with torch.no_grad():
            return network(classifier.as_input(images))

    unseen = torch.cat([features(part.to(device)) for part in tests.split(500)])
    history = []
    for _ in range(recipe.probe_epochs):
        for chosen in torch.from_numpy(rng.permutation(len(x))).split(512):
            chosen = chosen.to(device)
            loss = F.cross_entropy(
                head(features(augmentation.shifted(pixels[chosen], rng, 4))), labels[chosen]
            )
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
        schedule.step()
        with torch.no_grad():
            history.append(100 * (head(unseen).argmax(1) == wanted).float().mean().item())
    return history
