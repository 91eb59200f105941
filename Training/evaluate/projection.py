"""Orthogonal projection: removes the most predictive linear directions.

Sandoval-Segura et al., NeurIPS 2023.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F


def linear_directions(pixels, labels, seed, epochs=20, batch=1024):
    """Orthonormal basis (D, classes) of the weights of a bias-free softmax regression.

    It is fitted to raw pixels in [0, 1].
    """
    torch.manual_seed(seed)
    x = torch.from_numpy(pixels.reshape(len(pixels), -1)).float() / 255
    y = torch.from_numpy(labels.astype(np.int64))
    model = nn.Linear(x.shape[1], int(labels.max()) + 1, bias=False)
    optimizer = torch.optim.SGD(model.parameters(), 0.1)
    schedule = torch.optim.lr_scheduler.MultiStepLR(optimizer, [epochs // 2, 3 * epochs // 4], 0.1)
    for _ in range(epochs):
        for chosen in torch.randperm(len(x)).split(batch):
            optimizer.zero_grad()
            F.cross_entropy(model(x[chosen]), y[chosen]).backward()
            optimizer.step()
        schedule.step()
    return torch.linalg.qr(model.weight.detach().T)[0]


def project(pixels, labels, seed):
    """The images without those directions, in levels and not clamped: float32 (N, H, W, 3)."""
    basis = linear_directions(pixels, labels, seed)
    x = torch.from_numpy(pixels.reshape(len(pixels), -1)).float() / 255
    return (255 * (x - (x @ basis) @ basis.T)).numpy().reshape(pixels.shape)
