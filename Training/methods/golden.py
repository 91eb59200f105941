"""Golden vectors for the product's engine: random small models, and what PyTorch says of them.

    python -m methods.golden Tests/FittedMethodsTests/Fixtures
"""

import sys
from pathlib import Path

import learners
import numpy as np
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from .sem import weights as sem
from .sem.noise import CPU
from .uge import field as colours
from .uge import weights as uge

NAMES = ("ant", "bee", "crow")
# Odd sides as well: a stage halves them upwards.
SIZES = ((16, 16), (32, 24), (17, 23), (5, 9))


def surrogate():
    """A narrow network in small, whose normalisations have seen something."""
    torch.manual_seed(1)
    model = learners.NarrowResNet(len(NAMES), (4, 6, 8, 10))
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.running_mean.normal_(0, 0.2)
            layer.running_var.uniform_(0.5, 2)
            nn.init.uniform_(layer.weight, 0.5, 1.5)
            nn.init.normal_(layer.bias, 0, 0.2)
    return model.eval()


def vectors(model):
    """Pictures in [-0.5, 0.5], and for each the logits, the loss of class 1, and its gradient."""
    found = {}
    for height, width in SIZES:
        generator = torch.Generator().manual_seed(100 * height + width)
        picture = torch.rand(1, 3, height, width, generator=generator) - 0.5
        picture.requires_grad_()
        logits = model(picture)
        loss = F.cross_entropy(logits, torch.tensor([1]))
        (gradient,) = torch.autograd.grad(loss, picture)
        size = f"{height}x{width}"
        found[f"picture_{size}"] = picture[0].detach()
        found[f"logits_{size}"] = logits[0].detach()
        found[f"loss_{size}"] = loss.detach().reshape(1)
        found[f"gradient_{size}"] = gradient[0]
    return {name: tensor.contiguous() for name, tensor in found.items()}


def carried(field):
    """Changes (3, height, width) of up to twice the bound, and what the field makes of them."""
    found = {}
    for height, width in SIZES:
        rng = np.random.default_rng(100 * height + width)
        change = rng.uniform(-16, 16, (1, height, width, 3))
        size = f"{height}x{width}"
        for name, values in (("change", change), ("carried", colours.carried(change, field))):
            planes = torch.from_numpy(values[0] / 255).permute(2, 0, 1)
            found[f"{name}_{size}"] = planes.float().contiguous()
    return found


def main():
    folder = Path(sys.argv[1])
    hiding = folder.parents[1] / "DeepHidingTests/Fixtures/random-weights.safetensors"
    field = colours.drawn(np.random.default_rng(0))
    uge.write(folder / "uge.safetensors", uge.hiding(hiding), torch.from_numpy(field), {})
    save_file(carried(field), folder / "uge-golden.safetensors")
    model = surrogate()
    sem.save(folder / "sem.safetensors", model, CPU, 32, NAMES, {"steps": 0})
    save_file(vectors(model), folder / "sem-golden.safetensors")


if __name__ == "__main__":
    main()
