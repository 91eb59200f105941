"""SimCLR's parts against their definitions, and the whole on generated shapes."""

import math

import numpy as np
import pytest
import torch
from evaluate import simclr
from torch.nn import functional as F


def test_contrast_is_nt_xent_written_out():
    torch.manual_seed(0)
    first, second = torch.randn(3, 8), torch.randn(3, 8)
    z = [F.normalize(v, dim=0) for v in (*first, *second)]
    losses = []
    for i in range(6):
        others = [math.exp(float(z[i] @ z[k]) / 0.5) for k in range(6) if k != i]
        losses.append(-math.log(math.exp(float(z[i] @ z[(i + 3) % 6]) / 0.5) / sum(others)))
    assert simclr.contrast(first, second).item() == pytest.approx(np.mean(losses), rel=1e-5)


def test_views_differ_stay_in_range_and_are_gray_now_and_then():
    images = torch.rand(200, 3, 16, 16)
    generator = torch.Generator().manual_seed(0)
    view = simclr.view(images, generator)
    assert view.shape == images.shape and 0 <= view.min() and view.max() <= 1
    assert not torch.equal(view, simclr.view(images, generator))
    gray = ((view[:, 0] - view[:, 1]).abs().amax((1, 2)) < 1e-4).float().mean()
    assert 0.1 < gray < 0.3


def test_hue_turns_colour_and_leaves_luminance():
    images = 0.3 + 0.4 * torch.rand(50, 3, 4, 4)
    generator = torch.Generator().manual_seed(1)
    jittered = simclr._jitter(images, generator)
    # Brightness and contrast scale luminance around one mean; hue and saturation leave it
    # unchanged.
    before, after = (simclr._luminance(x).flatten(1) for x in (images, jittered))
    correlation = F.cosine_similarity(
        before - before.mean(1, keepdim=True), after - after.mean(1, keepdim=True)
    )
    assert correlation.median() > 0.99
    assert (jittered - images).abs().mean() > 0.02


def stripes(count, seed):
    """Ten directions of stripes with noise and random phase: raw pixels reveal nothing."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 10, count).astype(np.uint8)
    y, x = np.mgrid[0:16, 0:16]
    angles = labels[:, None, None] * np.pi / 10
    phases = rng.uniform(0, 2 * np.pi, (count, 1, 1))
    waves = 60 * np.sin(1.6 * (y * np.cos(angles) + x * np.sin(angles)) + phases)
    noisy = 128 + waves[..., None] + rng.normal(0, 20, (count, 16, 16, 3))
    return np.clip(noisy, 0, 255).astype(np.uint8), labels


def test_features_are_learnt_without_labels():
    x, y = stripes(1000, 0)
    x_test, y_test = stripes(300, 1)

    def probe(epochs):
        recipe = simclr.Recipe("narrow", epochs=epochs, batch=128, rate=0.2, probe_epochs=10)
        return simclr.train(x, y, x, x_test, y_test, 0, recipe)

    history = probe(8)
    assert len(history) == 10 and history[-1] >= probe(0)[-1] + 15
