"""The diffusion countermeasure against closed-form results."""

import math

import numpy as np
import pytest
import torch
from evaluate import diffusion


def test_the_process_preserves_variance_and_ends_in_noise():
    time_ = torch.tensor([0.0, 0.1, 1.0])
    left = diffusion.signal(time_)
    # The integral of beta(t) = 0.1 + 19.9 t over 0...t, halved.
    assert left.tolist() == pytest.approx(
        [math.exp(-0.5 * (0.1 * t + 9.95 * t * t)) for t in (0.0, 0.1, 1.0)], rel=1e-5
    )
    assert left[0] == 1 and left[2] < 0.01


def test_reverse_integration_restores_the_distribution_when_the_score_is_exact():
    """For data N(0.3, 0.2^2) the noise predictor is known.

    Diffused to step 100 and back, mean and deviation return.
    """

    def exact(x, time_):
        left = diffusion.signal(time_)[:, None, None, None]
        variance = (0.2 * left) ** 2 + 1 - left**2
        return (x - 0.3 * left) / variance * (1 - left**2).sqrt()

    generator = torch.Generator().manual_seed(0)
    x = 0.3 + 0.2 * torch.randn(64, 3, 16, 16, generator=generator)
    left = diffusion.signal(torch.tensor(0.1))
    noisy = left * x + (1 - left**2).sqrt() * torch.randn(x.shape, generator=generator)
    back = diffusion.reverse(exact, noisy, 100, generator)
    assert back.mean().item() == pytest.approx(0.3, abs=0.01)
    assert back.std().item() == pytest.approx(0.2, abs=0.01)
    assert torch.corrcoef(torch.stack([x.flatten(), back.flatten()]))[0, 1] > 0.2


def test_training_resumes_and_lowers_the_loss(tmp_path):
    pixels = np.repeat(np.arange(0, 256, 16, dtype=np.uint8), 16 * 16 * 3).reshape(16, 16, 16, 3)
    lines = []
    diffusion.train(pixels, 5, tmp_path / "d.pt", batch=8, width=16, log=lines.append)
    diffusion.train(pixels, 60, tmp_path / "d.pt", batch=8, rate=2e-3, width=16, log=lines.append)
    assert lines[0].startswith("iteration 5:") and lines[1].startswith("iteration 60:")
    network = diffusion.load(tmp_path / "d.pt")
    images = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 127.5 - 1
    fresh = diffusion.NoisePredictor(16)
    with torch.no_grad():
        values = [
            diffusion.loss(n, images, torch.Generator().manual_seed(1)).item()
            for n in (network, fresh)
        ]
    assert values[0] < values[1]
    out = diffusion.purify(network, pixels, 0, steps=3)
    assert out.shape == pixels.shape and out.dtype == np.uint8
