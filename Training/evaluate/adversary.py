"""Adversarial training by projected gradient descent (Madry et al. 2018).

Each function takes a model, images (N, 3, H, W) in [-0.5, 0.5] and labels, and returns the
perturbed images. The model's mode and gradients are left unchanged.
"""

import torch
from torch.nn import functional as F

STEPS = 10


def _climb(model, images, labels, delta, move, project):
    training = model.training
    model.eval()
    for _ in range(STEPS):
        delta.requires_grad_()
        loss = F.cross_entropy(model(images + delta), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, delta)
        with torch.no_grad():
            delta = project(delta + move(gradient))
            delta = (images + delta).clamp(-0.5, 0.5) - images
    model.train(training)
    return (images + delta).detach()


def linf(model, images, labels, radius=8 / 255, step=2 / 255):
    """PGD-10 with radius 8/255 per sample and steps of 2/255, from a uniform random start."""
    start = torch.empty_like(images).uniform_(-radius, radius)
    return _climb(
        model, images, labels, start, lambda g: step * g.sign(), lambda d: d.clamp(-radius, radius)
    )


def l2(model, images, labels, radius=1.0, step=0.25):
    """PGD-10 with L2 radius 1 (samples in [0, 1]), normalised steps of 0.25, from the image."""

    def length(t):
        return t.flatten(1).norm(dim=1).clamp(min=1e-12)[:, None, None, None]

    return _climb(
        model, images, labels, torch.zeros_like(images),
        lambda g: step * g / length(g), lambda d: d * (radius / length(d)).clamp(max=1),
    )  # fmt: skip


ALL = {"adversarial Linf": linf, "adversarial L2": l2}
