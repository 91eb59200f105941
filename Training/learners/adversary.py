"""Adversarial training by projected gradient descent (Madry et al. 2018).

Each function takes a model, images (N, 3, H, W) in [-0.5, 0.5] and labels, and returns the
perturbed images. The model's mode and gradients are left unchanged.
"""

from functools import partial

import torch
from torch.nn import functional as F


def _climb(model, images, labels, delta, steps, move, project):
    training = model.training
    model.eval()
    for _ in range(steps):
        delta.requires_grad_()
        loss = F.cross_entropy(model(images + delta).float(), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, delta)
        with torch.no_grad():
            delta = project(delta + move(gradient))
            delta = (images + delta).clamp(-0.5, 0.5) - images
    model.train(training)
    return (images + delta).detach()


def linf(model, images, labels, radius=8 / 255, step=2 / 255, steps=10):
    """`steps` of `step` within `radius` per sample, from a uniform random start."""
    start = torch.empty_like(images).uniform_(-radius, radius)
    return _climb(
        model, images, labels, start, steps,
        lambda g: step * g.sign(), lambda d: d.clamp(-radius, radius),
    )  # fmt: skip


def l2(model, images, labels, radius=1.0, step=0.25, steps=10):
    """L2 radius 1 (samples in [0, 1]), normalised steps of 0.25, from the image."""

    def length(t):
        return t.flatten(1).norm(dim=1).clamp(min=1e-12)[:, None, None, None]

    return _climb(
        model, images, labels, torch.zeros_like(images), steps,
        lambda g: step * g / length(g), lambda d: d * (radius / length(d)).clamp(max=1),
    )  # fmt: skip


# The deep-hiding paper's two, and the radius at which SEM is to protect, with its step of a fifth.
ALL = {
    "adversarial Linf": linf,
    "adversarial L2": l2,
    "adversarial Linf 4/255": partial(linf, radius=4 / 255, step=0.8 / 255),
}
