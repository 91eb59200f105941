"""Perturbations of +-8 levels that give images another class's features in EfficientNet-Lite0.

They are the control of `pretrained`: one pattern per class, refined per image for the images that
few-picture trainers have. Random noise is no control there, since a network trained on other images
ignores it. The idea is BAIT's (ICLR 2026): a perturbation that decides the class on any cover, and
names a wrong one. Here it is a universal adversarial perturbation.
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
# Step size in levels: large enough to search, then small enough to settle.
FIRST_STEP, LAST_STEP, MOMENTUM = 1.0, 0.1, 0.9
PENALTY = 0.1
# In small images a pattern shared by all covers is too weak, so each image refines it further.
OWN_STEPS, OWN_STEP = 8, 2.0


@dataclass(frozen=True)
class _Eyes:
    """Lite0 with a linear head on its features, and each class's target class."""

    network: torch.nn.Module
    head: torch.Tensor
    bias: torch.Tensor
    others: torch.Tensor

    def slope(self, covers, change, labels, places):
        """Gradient by `change` of the head's cross-entropy against the labels' target classes.

        The covers get `places` of `change`.
        """
        change.requires_grad_(True)
        given = (covers + change[places]).clamp(0, 255)
        logits = self.network.features(classifier.as_input(given)) @ self.head + self.bias
        return torch.autograd.grad(F.cross_entropy(logits, self.others[labels]), change)[0]


def perturb(pixels, labels, seed, side=0, steps=STEPS):
    """Adds to each uint8 image (N, H, W, 3) its class's pattern.

    Images that `features.chosen` gives to few-picture trainers are refined by `OWN_STEPS` further
    steps.
    """
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
    """As `patterns`, but cached in `folder`, since they take minutes.

    A change of this module invalidates the cache.
    """
    code = Path(__file__).read_bytes()
    parts = (
        json.dumps([seed, side, backbone.digest("Lite0")]).encode(),
        code,
        pixels.tobytes(),
        labels.tobytes(),
    )
    return cache.stored(folder, parts, lambda: patterns(pixels, labels, seed, side))


def patterns(pixels, labels, seed, side=0, steps=STEPS):
    """float32 (K, H, W, 3) in levels, at most 8: one pattern per class.

    Pattern k gives images of class k another class's features. A linear head is fitted to the
    features of clean covers. Each class is matched with the one that the head finds most similar,
    every target being used once. Then every pattern descends the head's cross-entropy by signed
    steps with momentum, over covers of its own class, to which it will be added. A trainer finds
    the other class's features under label k, and so misclassifies clean images.
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
        # Every class equally often, give or take one.
        drawn = np.resize(rng.permutation(list(members)), BATCH)
        wanted = torch.from_numpy(drawn).to(device)
        under = torch.from_numpy(
            np.stack([pixels[rng.choice(members[label])] for label in drawn])
        ).to(device)
        slope = eyes.slope(under, found, wanted, wanted)
        # Normalised per class, so that the size of a gradient does not matter.
        slope = slope / slope.abs().mean((1, 2, 3), keepdim=True).clamp(min=1e-12)
        course = MOMENTUM * course + slope
        size = FIRST_STEP * (LAST_STEP / FIRST_STEP) ** (step / steps)
        found = (found.detach() - size * course.sign()).clamp(-EPSILON, EPSILON)
    return found.cpu().numpy()


def _head(network, covers, labels, classes, device):
    """A regression on standardised features of clean covers, folded back to raw features.

    Returns weights (1280, K), bias (K,), and the target class of each class (K,).
    """
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
    # (K, K): mean probability of the second class on images of the first; its own is excluded.
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
