"""Other published methods for unlearnable images that need no deep surrogate; uint8 in and out.

All share the bound of +-EPSILON levels, for a comparison at equal cost in image quality. Only
one-pixel shortcuts change a single pixel without bound, by definition.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from . import perturbations


def _scaled(delta, norm):
    """Scales each perturbation (N, H, W, C) to an L2 norm over [0, 1] samples; returns levels."""
    lengths = np.sqrt((delta.astype(np.float64) ** 2).sum((1, 2, 3), keepdims=True))
    return 255 * norm * delta / lengths


def linearly_separable(pixels, labels, seed):
    """Linearly separable perturbations (Yu et al., KDD 2022).

    8x8 patches of points around hypercube vertices. The norm is sqrt(3 H W) * 6/255. A class's
    points are normal under a random linear map, around a vertex of a cube of side 20.
    """
    rng = np.random.default_rng([seed, 6])
    height, width = pixels.shape[1:3]
    rows, columns = -(-height // 8), -(-width // 8)
    dimensions = rows * columns * 3
    delta = np.empty(pixels.shape, np.float32)
    for label in range(int(labels.max()) + 1):
        members = np.flatnonzero(labels == label)
        centre = 10 * rng.choice([-1, 1], dimensions)
        points = (
            rng.standard_normal((len(members), dimensions))
            @ rng.uniform(-1, 1, (dimensions, dimensions))
            + centre
        )
        patches = points.reshape(-1, rows, columns, 3).repeat(8, 1).repeat(8, 2)
        delta[members] = patches[:, :height, :width]
    return perturbations.add(pixels, _scaled(delta, (3 * height * width) ** 0.5 * 6 / 255))


def _autoregress(window, count, height, width, rng):
    """`count` fields (count, height, width).

    Each sample is the window's sum over its 3x3 neighbours up and left.
    """
    field = rng.standard_normal((count, height + 4, width + 4))
    for y in range(height + 2):
        for x in range(width + 2):
            field[:, y + 2, x + 2] = (field[:, y : y + 3, x : x + 3] * window).sum((1, 2))
    return field[:, 4:, 4:]


def _answer(window, fields):
    """Sum of the positive responses of a class's matching filter; zero on fields of that class."""
    kernel = window.copy()
    kernel[2, 2] = -1
    height, width = fields.shape[1] - 2, fields.shape[2] - 2
    response = sum(
        kernel[y, x] * fields[:, y : y + height, x : x + width] for y in range(3) for x in range(3)
    )
    return np.maximum(response, 0).sum((1, 2))


def _autoregressive_windows(classes, rng):
    """Three stable 3x3 windows per class whose fields excite the filters of all earlier classes."""
    chosen = []
    while len(chosen) < classes:
        windows = rng.standard_normal((3, 3, 3))
        windows[:, 2, 2] = 0
        windows /= windows.sum((1, 2), keepdims=True)
        with np.errstate(over="ignore", invalid="ignore"):
            fields = [_autoregress(window, 3, 32, 32, rng) for window in windows]
            norms = np.sqrt(sum((field**2).sum((1, 2)) for field in fields))
        if not (norms <= 50).all():
            continue
        if all(_answer(old[c], fields[c]).min() >= 10 for old in chosen for c in range(3)):
            chosen.append(windows)
    return chosen


def autoregressive(pixels, labels, seed):
    """Autoregressive perturbations (Sandoval-Segura et al., NeurIPS 2022).

    Each class has a linear recurrence; the L2 norm is 1 at 32x32.
    """
    rng = np.random.default_rng([seed, 7])
    height, width = pixels.shape[1:3]
    delta = np.empty(pixels.shape, np.float32)
    for label, windows in enumerate(_autoregressive_windows(int(labels.max()) + 1, rng)):
        members = np.flatnonzero(labels == label)
        for channel, window in enumerate(windows):
            delta[members, ..., channel] = _autoregress(window, len(members), height, width, rng)
    return perturbations.add(pixels, _scaled(delta, (height * width / 1024) ** 0.5))


def one_pixel(pixels, labels, seed):
    """One-pixel shortcuts (Wu et al., ICLR 2023).

    Each class gets the pixel and corner colour that stand out most consistently from its images.
    That pixel's change is unbounded.
    """
    released = pixels.copy()
    used = set()
    colours = [np.array([v >> 2 & 1, v >> 1 & 1, v & 1]) * 255.0 for v in range(8)]
    for label in range(int(labels.max()) + 1):
        members = pixels[labels == label].astype(np.float32)
        score = np.empty((len(colours), *pixels.shape[1:3]))
        for index, colour in enumerate(colours):
            distance = np.abs(members - colour.astype(np.float32))
            score[index] = distance.mean((0, 3)) / (distance.std((0, 3)) + 1e-6)
        for flat in np.argsort(score, None)[::-1]:
            choice = np.unravel_index(flat, score.shape)
            if choice not in used:
                break
        used.add(choice)
        released[labels == label, choice[1], choice[2]] = colours[choice[0]]
    return released


def induced_linearity(pixels, labels, seed):
    """Perturbation-induced linearisation (ICLR 2026, arXiv 2601.19967).

    A bias-free linear surrogate classifies the noise alone.
    """
    torch.manual_seed(seed)
    x = torch.from_numpy(pixels.reshape(len(pixels), -1)).float() / 255
    y = torch.from_numpy(labels.astype(np.int64))
    classes = int(labels.max()) + 1
    surrogate = nn.Sequential(
        nn.Linear(x.shape[1], classes, bias=False), nn.Linear(classes, classes, bias=False)
    )
    epochs, batch = 30, 128
    optimizer = torch.optim.SGD(surrogate.parameters(), 0.003, momentum=0.9)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            F.cross_entropy(surrogate(x[chosen]), y[chosen]).backward()
            optimizer.step()
        schedule.step()
    epsilon = perturbations.EPSILON / 255
    delta = torch.zeros_like(x)
    for part in torch.arange(len(x)).split(1000):
        noise = torch.zeros_like(x[part]).requires_grad_()
        for _ in range(30):
            rest = F.log_softmax(surrogate(x[part] - noise), 1)
            uniform = torch.full_like(rest, 1 / classes)
            loss = 0.9 * F.cross_entropy(surrogate(noise), y[part], reduction="sum")
            loss = loss + 0.1 * F.kl_div(rest, uniform, reduction="sum")
            (gradient,) = torch.autograd.grad(loss, noise)
            with torch.no_grad():
                noise -= epsilon / 10 * gradient.sign()
                noise.clamp_(-epsilon, epsilon)
        delta[part] = noise.detach()
    return perturbations.add(pixels, -255 * delta.numpy().reshape(pixels.shape))
