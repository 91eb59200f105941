"""Do the published images alone reveal that they are protected? (Zhu et al., AAAI 2024)

A linear model is fitted to the labels of four fifths of a training set and tested on the held-out
fifth of the same set. Real images are not linearly separable, so an accuracy far above that of
clean images gives the protection away.
"""

import numpy as np
import torch
from PIL import Image

from . import spectrum

SIDE = 32
FLAGGED_ABOVE = 70.0


def linear_probe(pixels, labels, seed, ridge=100.0):
    """Accuracy in percent, on a held-out fifth, of ridge regression from pixels to one-hot labels.

    Larger images are first downscaled to 32x32.
    """
    if pixels.shape[1] > SIDE:
        pixels = np.stack(
            [np.asarray(Image.fromarray(p).resize((SIDE, SIDE), Image.BOX)) for p in pixels]
        )
    return _ridge(
        pixels.reshape(len(pixels), -1).astype(np.float32) / 255 - 0.5, labels, seed, ridge
    )


def spectrum_probe(pixels, labels, seed, ridge=10.0):
    """The same for radial-angular log spectra alone (`spectrum.polar`), each at unit deviation."""
    features = spectrum.polar(pixels)
    features = (features - features.mean(0)) / np.maximum(features.std(0), 1e-6)
    return _ridge(features.astype(np.float32), labels, seed, ridge)


def _ridge(features, labels, seed, ridge):
    """Held-out accuracy in percent of ridge regression on features (N, D)."""
    order = np.random.default_rng([seed, 11]).permutation(len(features))
    x = torch.from_numpy(features[order])
    x = torch.cat([x, torch.ones(len(x), 1)], 1)
    y = torch.from_numpy(labels[order].astype(np.int64))
    count = len(x) * 4 // 5
    wanted = torch.nn.functional.one_hot(y[:count]).float()
    gram = x[:count].T @ x[:count] + ridge * torch.eye(x.shape[1])
    weights = torch.linalg.solve(gram, x[:count].T @ wanted)
    return 100 * ((x[count:] @ weights).argmax(1) == y[count:]).float().mean().item()
