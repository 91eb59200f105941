"""`python -m evaluate.reading`: how well the owner reads the hidden collages back.

A reader is trained on released 8-bit windows of photos, with collages of keys of its own. It is
asked for the luminance at a quarter of the size of collages of other keys, in photos that it has
not seen. Beside it stands what somebody scores who knows each collage's mean luminance alone.
"""

import argparse
import random
import sys
from pathlib import Path

import numpy as np
import torch
from deephiding import courses
from deephiding.attacks import grayscale
from deephiding.collage import collage
from deephiding.data import DataError, load_photos
from torch import nn
from torch.nn import functional as F

from .hiding_study import Hidden
from .record import keep

SHRINK, BATCH, ASIDE = 4, 24, 8


class Reader(nn.Module):
    """Luminance at a quarter of the size, (N, 1, H / 4, W / 4), of images (N, 3, H, W)."""

    def __init__(self, width=32):
        super().__init__()

        def unit(inputs, outputs, stride=1):
            return [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.ReLU()]

        self.layers = nn.Sequential(
            *unit(3, width), *unit(width, width), *unit(width, 2 * width, 2),
            *unit(2 * width, 2 * width), *unit(2 * width, 3 * width, 2),
            *unit(3 * width, 3 * width), *unit(3 * width, 3 * width), *unit(3 * width, 3 * width),
            nn.Conv2d(3 * width, 1, 3, 1, 1),
        )  # fmt: skip

    def forward(self, images):
        return self.layers(images - 0.5) + 0.5


def batch(hidden, photos, families, side, rng):
    """Released windows (N, 3, side, side) in whole levels, and their secrets' luminance."""
    covers, secrets = [], []
    for _ in range(BATCH):
        covers.append(courses.window(rng.choice(photos), side, hidden.size, rng))
        seed = rng.getrandbits(64)
        secrets.append(collage(rng.choice(families), rng.randrange(10), seed, side, side))
    covers, secrets = (torch.from_numpy(np.stack(part)) for part in (covers, secrets))
    change = hidden.proposed(covers, secrets)
    # The dither of the product rounds up and down as often as noise does.
    released = (255 * covers.clamp(0, 1) + change.clamp(-8, 8) + torch.rand(change.shape)).floor()
    return released.clamp(0, 255) / 255, F.avg_pool2d(grayscale(secrets)[:, :1], SHRINK)


def decibels(error):
    return -10 * float(np.log10(error))


def main():
    parser = argparse.ArgumentParser(prog="evaluate.reading")
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--photos", required=True, help="photos.tar")
    parser.add_argument("--strength", type=float, default=1.0)
    parser.add_argument("--bound", type=float, default=0)
    parser.add_argument("--working-size", type=int, default=256)
    parser.add_argument("--side", type=int, default=64)
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--out", default="runs/reading")
    arguments = parser.parse_args()
    torch.manual_seed(0)
    torch.set_num_threads(1)
    try:
        photos = load_photos(arguments.photos)
        hidden = Hidden(
            arguments.checkpoint, arguments.strength, 0, arguments.working_size, arguments.bound
        )
    except (DataError, OSError) as error:
        sys.exit(f"reading: {error}")
    aside, learnt = photos[::ASIDE], [p for i, p in enumerate(photos) if i % ASIDE]
    rng = random.Random(0)
    families = [rng.getrandbits(64) for _ in range(2 * ASIDE)]
    reader = Reader()
    optimizer = torch.optim.Adam(reader.parameters(), 1e-3)
    for step in range(arguments.steps):
        for group in optimizer.param_groups:
            group["lr"] = 1e-3 * (1 - step / arguments.steps)
        keys = [rng.getrandbits(64) for _ in range(4)]
        released, wanted = batch(hidden, learnt, keys, arguments.side, rng)
        with torch.autocast("cpu", torch.bfloat16):
            read = reader(released)
        loss = (read.float() - wanted).square().mean()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if step % 100 == 99:
            print(f"step {step + 1}: {decibels(loss.item()):.1f} dB", flush=True)
    errors = []
    with torch.no_grad():
        for _ in range(20):
            released, wanted = batch(hidden, aside, families, arguments.side, rng)
            read = reader(released).clamp(0, 1)
            mean = wanted.mean((1, 2, 3), keepdim=True)
            mine, theirs = read - read.mean((1, 2, 3), keepdim=True), wanted - mean
            alike = (mine * theirs).sum() / (mine.square().sum() * theirs.square().sum()).sqrt()
            errors.append(
                [(read - wanted).square().mean(), theirs.square().mean(), alike]
            )
    mine, theirs, alike = np.array(errors).mean(0)
    record = {
        "read back, dB": round(decibels(mine), 2), "the mean alone, dB": round(decibels(theirs), 2),
        "correlation within a window": round(float(alike), 3), "strength": arguments.strength,
        "steps": arguments.steps,
    }  # fmt: skip
    Path(arguments.out).mkdir(parents=True, exist_ok=True)
    keep(Path(arguments.out) / "reading.json", record)
    print(record)


if __name__ == "__main__":
    main()
