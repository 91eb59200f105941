"""One pattern of +-8 levels a class that gives it another class's features in EfficientNet-Lite0: the control
of `pretrained`.

Random noise controls nothing there, since a network that was trained on other pictures does not see it. The
idea is BAIT's (ICLR 2026), a perturbation that decides the class on any cover and names a wrong one; here a
universal adversarial perturbation does it.
"""

import json
from pathlib import Path

import numpy as np
import torch
from scipy import optimize
from torch.nn import functional as F

from . import backbone, cache, classifier, features, pretrained
from .perturbations import EPSILON, add

COVERS, STEPS, BATCH = 2_000, 400, 32
# Levels a step: as large as it finds the way, then small enough to stay.
FIRST_STEP, LAST_STEP, MOMENTUM = 1.0, 0.1, 0.9
PENALTY = 0.1


def perturb(pixels, labels, seed, side=0, steps=STEPS):
    """Adds its class's pattern to each of the uint8 pictures (N, H, W, 3); see `patterns`."""
    return add(pixels, patterns(pixels, labels, seed, side, steps)[labels])


def stored_patterns(pixels, labels, seed, folder, side=0):
    """As `patterns`, kept in `folder`, since they take minutes; made anew when this module changed."""
    code = Path(__file__).read_bytes()
    parts = (json.dumps([seed, side, backbone.digest("Lite0")]).encode(), code, pixels.tobytes(), labels.tobytes())
    return cache.stored(folder, parts, lambda: patterns(pixels, labels, seed, side))


def patterns(pixels, labels, seed, side=0, steps=STEPS):
    """float32 (K, H, W, 3) in levels, at most 8: with pattern k the pictures of class k have the features of
    another class.

    A linear head is fitted to the features of clean covers; classes are matched with those that it finds
    likest, each taken once. Then every pattern goes down the head's cross-entropy by signed steps with
    momentum, over covers of its own class, since these are what it is added to. A trainer finds the other
    class's features under the label k, and is wrong about clean pictures.
    """
    rng = np.random.default_rng([seed, 13])
    torch.manual_seed(seed)
    classes = int(labels.max()) + 1
    covers = rng.permutation(len(pixels))[:COVERS]
    members = {int(label): covers[labels[covers] == label] for label in np.unique(labels[covers])}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = backbone.published("Lite0", features.input_side(pixels, side)).requires_grad_(False)
    network = network.to(device).to(memory_format=torch.channels_last)
    head, bias, others = _head(network, pixels[covers], labels[covers], classes, device)
    found = torch.zeros(classes, *pixels.shape[1:], device=device)
    course = torch.zeros_like(found)
    for step in range(steps):
        # Each class as often as the others, up to one.
        drawn = np.resize(rng.permutation(list(members)), BATCH)
        wanted = torch.from_numpy(drawn).to(device)
        under = torch.from_numpy(np.stack([pixels[rng.choice(members[label])] for label in drawn])).to(device)
        found.requires_grad_(True)
        given = (under + found[wanted]).clamp(0, 255)
        logits = network.features(classifier.as_input(given)) @ head + bias
        (slope,) = torch.autograd.grad(F.cross_entropy(logits, others[wanted]), found)
        # Classes are steered apart, whatever the size of each one's gradient.
        slope = slope / slope.abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-12)
        course = MOMENTUM * course + slope
        size = FIRST_STEP * (LAST_STEP / FIRST_STEP) ** (step / steps)
        found = (found.detach() - size * course.sign()).clamp(-EPSILON, EPSILON)
    return found.cpu().numpy()


def _head(network, covers, labels, classes, device):
    """(weights (1280, K), bias (K,)) on raw features, of a regression fitted to standardised ones of clean
    covers, and (K,) the class that each is taken for."""
    with torch.no_grad():
        batches = torch.from_numpy(np.ascontiguousarray(covers)).split(features.BATCH)
        seen = torch.cat([network.features(classifier.as_input(batch.to(device))).cpu() for batch in batches]).numpy()
    mean, deviation = seen.mean(0), np.maximum(seen.std(0), 1e-2)
    weights, bias = pretrained.logistic_regression((seen - mean) / deviation, labels, classes, PENALTY)
    weights = weights / deviation[:, None]
    bias = bias - mean @ weights
    likeness = torch.from_numpy(seen @ weights + bias).log_softmax(1).numpy()
    # (K, K): how likely the head finds the second class in pictures of the first; its own is no choice.
    means = np.stack([likeness[labels == label].sum(0) / max(1, (labels == label).sum()) for label in range(classes)])
    np.fill_diagonal(means, -1e6)
    others = torch.from_numpy(optimize.linear_sum_assignment(-means)[1])
    return *(torch.from_numpy(part).float().to(device) for part in (weights, bias)), others.to(device)
