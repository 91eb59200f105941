"""UGE's three losses: gradient matching, feature distance with misalignment, undistillation."""

import torch
from torch.nn import functional as F

TEMPERATURE = 4.0


def gradient_matching(model, layers, clean, released, labels):
    """1 - cos, and a tenth of the relative difference of norms, of the authorised gradients.

    Mean over the parameters of `layers`; the gradients by the released inputs can be
    differentiated. Both inputs are (N, 3, H, W) in [-0.5, 0.5] under one draw of shifts.
    """
    parameters = [p for layer in layers for p in layer.parameters() if p.dim() > 1]
    wanted = torch.autograd.grad(F.cross_entropy(model(clean), labels), parameters)
    found = torch.autograd.grad(
        F.cross_entropy(model(released), labels), parameters, create_graph=True
    )
    loss = 0
    for one, other in zip(found, wanted):
        one, other = one.flatten(), other.flatten().detach()
        norms = one.norm() / other.norm().clamp(min=1e-12)
        loss = loss + 1 - F.cosine_similarity(one, other, 0) + 0.1 * (norms - 1).abs()
    return loss / len(parameters)


def feature_distance(clean, released, wrong):
    """Features leave those of their own picture and come near those of a wrong class, all (N, D).

    From -2 to 4; the lower, the more misaligned.
    """
    away = 1 - F.cosine_similarity(released, clean, 1)
    near = 1 - F.cosine_similarity(released, wrong, 1)
    return (near - away).mean()


def undistillation(clean, released, labels):
    """The hard label stays right and the soft one moves; arguments are logits (N, K)."""
    soft = F.log_softmax(released / TEMPERATURE, 1)
    other = F.softmax(clean.detach() / TEMPERATURE, 1)
    moved = F.kl_div(soft, other, reduction="batchmean")
    return F.cross_entropy(released, labels) - 0.1 * moved
