"""Two methods that attack a network trained on clean images, and publish with the true labels.

TAP (Fowl et al., NeurIPS 2021) gives images another class's logits. EntF (Wen et al., ICLR 2023)
pushes their features away from their class's centroid, in a network trained adversarially.
"""

from dataclasses import dataclass, replace

import numpy as np
import torch
from methods.shifts import Shift
from torch import nn
from torch.nn import functional as F

from . import classifier, perturbations


@dataclass(frozen=True)
class Recipe:
    """`steps` of signed descent of `step` (of 1) on every image, `batch` at a time."""

    network: classifier.Recipe
    steps: int
    step: float
    batch: int = 250
    pad: int = 4


def _recipe(paper, cpu):
    return paper if torch.cuda.is_available() else cpu


# The authors' own; then fewer and larger steps on the narrow network, for two cores.
TAP_PAPER = Recipe(classifier.PAPER, 250, 0.4 / 255)
TAP_CPU = Recipe(classifier.CPU, 60, 0.8 / 255)
ENTF_PAPER = Recipe(replace(classifier.PAPER, epochs=100), 300, 0.4 / 255)
ENTF_CPU = Recipe(classifier.CPU, 60, 0.8 / 255)
ENTF_ATTACK = "adversarial Linf 4/255"


def targeted(pixels, labels, seed, recipe=None):
    """TAP: every image gets the logits of the class after its own, under random shifts."""
    recipe = recipe or _recipe(TAP_PAPER, TAP_CPU)
    classes = int(labels.max()) + 1
    model = _network(pixels, labels, seed, recipe, classes, None)

    def loss(inputs, own):
        return F.cross_entropy(model(inputs).float(), (own + 1) % classes, reduction="sum")

    return _descend(pixels, labels, seed, recipe, loss, moves=True)


def entangled(pixels, labels, seed, recipe=None):
    """EntF-push: every image's features leave the centroid of its class."""
    recipe = recipe or _recipe(ENTF_PAPER, ENTF_CPU)
    classes = int(labels.max()) + 1
    model = _network(pixels, labels, seed, recipe, classes, ENTF_ATTACK)
    features = _Features(model)
    centroids = _centroids(features, pixels, labels, classes)

    def loss(inputs, own):
        return -(features(inputs) - centroids[own]).square().sum()

    return _descend(pixels, labels, seed, recipe, loss, moves=False)


class _Features:
    """What a network's last linear layer gets."""

    def __init__(self, model):
        self.model = model
        head = [layer for layer in model.modules() if isinstance(layer, nn.Linear)][-1]
        head.register_forward_pre_hook(self._keep)

    def _keep(self, layer, given):
        self.seen = given[0]

    def __call__(self, inputs):
        self.model(inputs)
        return self.seen.float()


def _network(pixels, labels, seed, recipe, classes, attack):
    model, _ = classifier.train(
        pixels, labels, pixels[:1], labels[:1], seed, recipe.network, classes, attack=attack
    )
    return model.eval().requires_grad_(False)


def _centroids(features, pixels, labels, classes):
    parts = torch.from_numpy(np.ascontiguousarray(pixels)).split(500)
    device = next(features.model.parameters()).device
    with torch.no_grad():
        seen = torch.cat([features(classifier.as_input(part.to(device))) for part in parts])
    own = torch.from_numpy(labels.astype(np.int64)).to(device)
    return torch.stack([seen[own == label].mean(0) for label in range(classes)])


def _descend(pixels, labels, seed, recipe, loss, moves):
    """Signed descent of `loss` on every image, within the bound."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    generator = torch.Generator().manual_seed(seed)
    epsilon = perturbations.EPSILON / 255
    released = np.empty_like(pixels)
    for part in np.split(np.arange(len(pixels)), range(recipe.batch, len(pixels), recipe.batch)):
        clean = classifier.as_input(pixels[part]).to(device) + 0.5
        own = torch.from_numpy(labels[part].astype(np.int64)).to(device)
        delta = (epsilon * torch.randn(clean.shape, generator=generator)).to(device)
        delta = delta.clamp(-epsilon, epsilon)
        for _ in range(recipe.steps):
            delta.requires_grad_()
            noisy = (clean + delta).clamp(0, 1)
            if moves:
                noisy = Shift(noisy.shape, recipe.pad, generator, device)(noisy)
            (slope,) = torch.autograd.grad(loss(noisy - 0.5, own), delta)
            with torch.no_grad():
                delta = (delta - recipe.step * slope.sign()).clamp(-epsilon, epsilon)
        released[part] = perturbations.add(
            pixels[part], 255 * delta.detach().permute(0, 2, 3, 1).cpu().numpy()
        )
    return released
