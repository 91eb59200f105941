"""AVATAR (Dolatabadi et al. 2023): purifies images by partial diffusion and its reversal.

Its authors use a published score network. The one here is smaller and trained by this module, on
images the trainer is assumed to have besides the protected ones; tables that use it say so.

    python -m evaluate.diffusion --dataset FILE --out runs/diffusion.pt --iterations 100000
"""

import argparse
import math
import os
import time
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from . import datasets

BETA_MIN, BETA_MAX, STEPS = 0.1, 20.0, 1000
PURIFY_STEPS = 100


def signal(time_):
    """Image amplitude at time 0...1 of the variance-preserving process.

    The noise is sqrt(1 - signal^2).
    """
    return torch.exp(-0.25 * time_**2 * (BETA_MAX - BETA_MIN) - 0.5 * time_ * BETA_MIN)


class Block(nn.Module):
    """Two GroupNorm-SiLU-conv layers with the time embedding added between them, and a skip."""

    def __init__(self, inputs, outputs, embedding):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(8, inputs), nn.Conv2d(inputs, outputs, 3, 1, 1)
        self.time = nn.Linear(embedding, outputs)
        self.norm2, self.conv2 = nn.GroupNorm(8, outputs), nn.Conv2d(outputs, outputs, 3, 1, 1)
        self.skip = nn.Conv2d(inputs, outputs, 1) if inputs != outputs else nn.Identity()
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x, embedding):
        y = self.conv1(F.silu(self.norm1(x))) + self.time(embedding)[:, :, None, None]
        return self.skip(x) + self.conv2(F.silu(self.norm2(y)))


class NoisePredictor(nn.Module):
    """A three-scale U-Net from noisy images (N, 3, H, W) and times (N,) to the noise.

    Images are in about [-1, 1].
    """

    def __init__(self, width=64):
        super().__init__()
        self.width, embedding = width, 4 * width
        self.embed = nn.Sequential(
            nn.Linear(width, embedding), nn.SiLU(), nn.Linear(embedding, embedding), nn.SiLU()
        )
        self.enter = nn.Conv2d(3, width, 3, 1, 1)
        self.down = nn.ModuleList(
            [Block(width, width, embedding), Block(width, 2 * width, embedding)]
        )
        self.middle = nn.ModuleList(
            [Block(2 * width, 4 * width, embedding), Block(4 * width, 2 * width, embedding)]
        )
        self.up = nn.ModuleList(
            [Block(4 * width, width, embedding), Block(2 * width, width, embedding)]
        )
        self.leave = nn.Sequential(nn.GroupNorm(8, width), nn.SiLU(), nn.Conv2d(width, 3, 3, 1, 1))

    def forward(self, x, time_):
        frequencies = torch.exp(
            -math.log(1e4) * torch.arange(self.width // 2, device=x.device) / (self.width // 2)
        )
        angles = 1000 * time_[:, None] * frequencies
        embedding = self.embed(torch.cat([angles.sin(), angles.cos()], 1))
        x, kept = self.enter(x), []
        for block in self.down:
            x = block(x, embedding)
            kept.append(x)
            x = F.avg_pool2d(x, 2)
        for block in self.middle:
            x = block(x, embedding)
        for block in self.up:
            x = block(torch.cat([F.interpolate(x, scale_factor=2.0), kept.pop()], 1), embedding)
        return self.leave(x)


def loss(network, images, generator=None):
    """Mean squared error of the predicted noise at uniform times; images are in [-1, 1]."""
    time_ = torch.rand(len(images), generator=generator).to(images)
    noise = torch.randn(images.shape, generator=generator).to(images)
    left = signal(time_)[:, None, None, None]
    return F.mse_loss(network(left * images + (1 - left**2).sqrt() * noise, time_), noise)


def reverse(network, x, start, generator=None):
    """Integrates the reverse SDE from step `start` of STEPS to 0 by Euler-Maruyama."""
    for step in range(start, 0, -1):
        time_ = torch.full((len(x),), step / STEPS, device=x.device)
        beta = BETA_MIN + (BETA_MAX - BETA_MIN) * step / STEPS
        deviation = (1 - signal(time_[0]) ** 2).sqrt()
        score = -network(x, time_) / deviation
        x = x + (0.5 * beta * x + beta * score) / STEPS
        if step > 1:
            x = x + math.sqrt(beta / STEPS) * torch.randn(x.shape, generator=generator).to(x)
    return x


def purify(network, pixels, seed, steps=PURIFY_STEPS, batch=1000):
    """uint8 (N, H, W, 3) in and out: adds `steps` of noise at once, removes them one by one."""
    device = next(network.parameters()).device
    generator = torch.Generator().manual_seed(seed)
    network.eval()
    out = []
    with torch.no_grad():
        for start in range(0, len(pixels), batch):
            part = torch.from_numpy(np.ascontiguousarray(pixels[start : start + batch])).to(device)
            x = part.permute(0, 3, 1, 2).float() / 127.5 - 1
            left = signal(torch.tensor(steps / STEPS))
            x = (
                left * x
                + (1 - left**2).sqrt() * torch.randn(x.shape, generator=generator).to(device)
            )
            x = reverse(network, x, steps, generator)
            out.append(
                ((x + 1) * 127.5).clamp(0, 255).round().byte().permute(0, 2, 3, 1).cpu().numpy()
            )
    return np.concatenate(out)


def train(pixels, iterations, path, batch=128, rate=2e-4, stop_after=math.inf, width=64, log=print):
    """Trains a noise predictor on uint8 (N, H, W, 3) and keeps a moving average.

    Resumes from `path` and saves to it.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.manual_seed(0)
    network, average = (NoisePredictor(width).to(device) for _ in range(2))
    average.load_state_dict(network.state_dict())
    optimizer = torch.optim.Adam(network.parameters(), rate)
    step, path, started = 0, Path(path), time.monotonic()
    if path.exists():
        state = torch.load(path, map_location=device)
        network.load_state_dict(state["network"])
        average.load_state_dict(state["average"])
        optimizer.load_state_dict(state["optimizer"])
        step = state["step"]
        torch.manual_seed(step)
    images = torch.from_numpy(np.ascontiguousarray(pixels)).to(device)
    while step < iterations:
        x = (
            images[torch.randint(len(images), (batch,), device=device)].permute(0, 3, 1, 2).float()
            / 127.5
            - 1
        )
        mirrored = torch.rand(batch, 1, 1, 1, device=device) < 0.5
        value = loss(network, torch.where(mirrored, x.flip(3), x))
        optimizer.zero_grad(set_to_none=True)
        value.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        step += 1
        decay = min(0.9995, (1 + step) / (10 + step))
        with torch.no_grad():
            for kept, new in zip(average.parameters(), network.parameters()):
                kept.lerp_(new, 1 - decay)
        late = time.monotonic() - started > stop_after
        if step % 1000 == 0 or step == iterations or late:
            state = {
                "network": network.state_dict(),
                "average": average.state_dict(),
                "step": step,
                "width": width,
            }
            torch.save({**state, "optimizer": optimizer.state_dict()}, path.with_suffix(".partial"))
            os.replace(path.with_suffix(".partial"), path)
            log(f"iteration {step}: loss {value.item():.4f}")
        if late:
            break
    return average


def load(path):
    """The averaged network that `train` saved in `path`."""
    state = torch.load(path, map_location="cpu")
    network = NoisePredictor(state["width"])
    network.load_state_dict(state["average"])
    return network.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def main():
    parser = argparse.ArgumentParser(
        description="Train the diffusion model of the AVATAR countermeasure."
    )
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--out", required=True, help="checkpoint to make or go on with")
    parser.add_argument("--iterations", type=int, default=100_000)
    parser.add_argument(
        "--stop-after", type=float, default=math.inf, help="seconds after which to save and stop"
    )
    arguments = parser.parse_args()
    # Clean training images: more than a trainer on protected photos would have, so this is the
    # countermeasure at its best.
    train(
        datasets.load(arguments.dataset).x_train,
        arguments.iterations,
        arguments.out,
        stop_after=arguments.stop_after,
    )


if __name__ == "__main__":
    main()
