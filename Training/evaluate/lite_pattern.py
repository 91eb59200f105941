"""Changes of +-8 levels that give pictures another class's features in EfficientNet-Lite0: the control of
`pretrained`. One pattern a class; from it, a change of its own for each of the pictures that few-picture trainers have.

Random noise controls nothing there, since a network that was trained on other pictures does not see it. The
idea is BAIT's (ICLR 2026), a perturbation that decides the class on any cover and names a wrong one; here a
universal adversarial perturbation does it.
"""

import json
from dataclasses import dataclass
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
# In small pictures a pattern that is the same on every cover does not reach far enough, so that each goes on by itself.
OWN_STEPS, OWN_STEP = 8, 2.0


@dataclass(frozen=True)
class _Eyes:
    """Lite0 with a linear head on its features, and the class that each class is to be taken for."""

    network: torch.nn.Module
    head: torch.Tensor
    bias: torch.Tensor
    others: torch.Tensor

    def slope(self, covers, change, labels, places):
        """The gradient, by `change`, of the head's cross-entropy with the labels' other classes.

        The covers get `places` of `change`.
        """
        change.requires_grad_(True)
        given = (covers + change[places]).clamp(0, 255)
        logits = self.network.features(classifier.as_input(given)) @ self.head + self.bias
        return torch.autograd.grad(F.cross_entropy(logits, self.others[labels]), change)[0]


def perturb(pixels, labels, seed, side=0, steps=STEPS):
    """Adds to each of the uint8 pictures (N, H, W, 3) its class's pattern, and to those that `features.chosen` gives
    trainers who have few what `OWN_STEPS` further steps find for the picture itself."""
    eyes = _eyes(pixels, labels, seed, side)
    found = _patterns(eyes, pixels, labels, seed, steps)
    released = add(pixels, found[labels])
    few = np.concatenate(features.chosen(labels, features.PIECES[-1], seed))
    for part in np.split(few, range(BATCH, len(few), BATCH)):
        covers = torch.from_numpy(pixels[part]).to(eyes.others.device)
        wanted = torch.from_numpy(labels[part].astype(np.int64)).to(eyes.others.device)
        change = torch.from_numpy(found[labels[part]]).to(covers.device)
        for step in range(OWN_STEPS):
            slope = eyes.slope(covers, change, wanted, slice(None))
            size = OWN_STEP * (1 - step / OWN_STEPS)
            change = (change.detach() - size * slope.sign()).clamp(-EPSILON, EPSILON)
        released[part] = add(pixels[part], change.cpu().numpy())
    return released


def stored_patterns(pixels, labels, seed, folder, side=0):
    """As `patterns`, kept in `folder`, since they take minutes; made anew when this module changed."""
    code = Path(__file__).read_bytes()
    parts = (
        json.dumps([seed, side, backbone.digest("Lite0")]).encode(),
        code,
        pixels.tobytes(),
        labels.tobytes(),
    )
    return cache.stored(folder, parts, lambda: patterns(pixels, labels, seed, side))


def patterns(pixels, labels, seed, side=0, steps=STEPS):
    """float32 (K, H, W, 3) in levels, at most 8: with pattern k the pictures of class k have the features of
    another class.

    A linear head is fitted to the features of clean covers; classes are matched with those that it finds
    likest, each taken once. Then every pattern goes down the head's cross-entropy by signed steps with
    momentum, over covers of its own class, since these are what it is added to. A trainer finds the other
    class's features under the label k, and is wrong about clean pictures.
    """
    return _patterns(_eyes(pixels, labels, seed, side), pixels, labels, seed, steps)


def _covers(count, seed):
    rng = np.random.default_rng([seed, 13])
    return rng, rng.permutation(count)[:COVERS]


def _eyes(pixels, labels, seed, side):
    torch.manual_seed(seed)
    _, covers = _covers(len(pixels), seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = backbone.published("Lite0", features.input_side(pixels, side)).requires_grad_(False)
    network = network.to(device).to(memory_format=torch.channels_last)
    return _Eyes(
        network, *_head(network, pixels[covers], labels[covers], int(labels.max()) + 1, device)
    )


def _patterns(eyes, pixels, labels, seed, steps):
    rng, covers = _covers(len(pixels), seed)
    members = {int(label): covers[labels[covers] == label] for label in np.unique(labels[covers])}
    device = eyes.others.device
    found = torch.zeros(len(eyes.others), *pixels.shape[1:], device=device)
    course = torch.zeros_like(found)
    for step in range(steps):
        # Each class as often as the others, up to one.
        drawn = np.resize(rng.permutation(list(members)), BATCH)
        wanted = torch.from_numpy(drawn).to(device)
        under = torch.from_numpy(
            np.stack([pixels[rng.choice(members[label])] for label in drawn])
        ).to(device)
        slope = eyes.slope(under, found, wanted, wanted)
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
        seen = torch.cat(
            [network.features(classifier.as_input(batch.to(device))).cpu() for batch in batches]
        ).numpy()
    mean, deviation = seen.mean(0), np.maximum(seen.std(0), 1e-2)
    weights, bias = pretrained.logistic_regression(
        (seen - mean) / deviation, labels, classes, PENALTY
    )
    weights = weights / deviation[:, None]
    bias = bias - mean @ weights
    likeness = torch.from_numpy(seen @ weights + bias).log_softmax(1).numpy()
    # (K, K): how likely the head finds the second class in pictures of the first; its own is no choice.
    means = np.stack(
        [
            likeness[labels == label].sum(0) / max(1, (labels == label).sum())
            for label in range(classes)
        ]
    )
    np.fill_diagonal(means, -1e6)
    others = torch.from_numpy(optimize.linear_sum_assignment(-means)[1])
    return (
        *(torch.from_numpy(part).float().to(device) for part in (weights, bias)), others.to(device)
    )
