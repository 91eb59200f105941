"""Purifier: a network that removes the protection, trained on original-released pairs.

The pairs come from the attacker's own copy of the product, run on other photos with other family
seeds (threat level T2), or from the owner (T3, the upper bound: known to break every published
method). Parameters are this project's: BridgePure (NeurIPS 2025), which does the same with a bridge
diffusion, takes 22 GPU hours.
"""

import inspect
import sys
from contextlib import nullcontext

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from . import cache, classifier, own_copy, quality

OWN_PAIRS = 500
STEPS, RATE, WEIGHT_DECAY = 900, 2e-3, 1e-4
# Scales the input to a deviation of about one, and the output to the size of a perturbation.
INPUT, OUTPUT = 4, 0.05
# Largest crop side; crops per step of up to 32x32 pixels; fewest crops per step of larger ones.
LARGEST_CROP, BATCH, FEWEST = 96, 32, 8
WIDTHS = (24, 64, 96)
# Photos are purified whole, so only a few at a time.
PIXELS_AT_A_TIME = 200 * 32 * 32


class _Stage(nn.Sequential):
    def __init__(self, before, after):
        super().__init__(
            nn.Conv2d(before, after, 3, padding=1), nn.LeakyReLU(0.1),
            nn.Conv2d(after, after, 3, padding=1), nn.LeakyReLU(0.1),
        )  # fmt: skip


class UNet(nn.Module):
    """A three-scale U-Net without normalisation, 0.35 M parameters.

    Float (N, 3, H, W) in [-0.5, 0.5] in and out, for any H and W.
    """

    def __init__(self):
        super().__init__()
        fine, middle, coarse = WIDTHS
        self.down = nn.ModuleList([_Stage(3, fine), _Stage(fine, middle), _Stage(middle, coarse)])
        self.up = nn.ModuleList([_Stage(coarse + middle, middle), _Stage(middle + fine, fine)])
        self.out = nn.Conv2d(fine, 3, 3, padding=1)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, images):
        height, width = images.shape[2:]
        x = F.pad(INPUT * images, (0, -width % 4, 0, -height % 4), mode="replicate")
        fine = self.down[0](x)
        middle = self.down[1](F.avg_pool2d(fine, 2))
        x = self.down[2](F.avg_pool2d(middle, 2))
        x = self.up[0](torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), middle], 1))
        x = self.up[1](torch.cat([F.interpolate(x, scale_factor=2.0, mode="nearest"), fine], 1))
        return images + OUTPUT * self.out(x)[:, :, :height, :width]


def _device():
    return "cuda" if torch.cuda.is_available() else "cpu"


def precision_of(name):
    """A context in which a network computes in `bfloat16` or `float32`."""
    return torch.autocast(_device(), torch.bfloat16) if name == "bfloat16" else nullcontext()


def _crops(pairs, rng, count, side):
    """`count` crops, uint8 (count, side, side, 2 * 3): the same region before and after.

    Half are mirrored and half are transposed, because waves run in all directions.
    """
    crops = []
    for i in rng.integers(0, len(pairs[0]), count):
        top, left = (int(rng.integers(0, length - side + 1)) for length in pairs[0].shape[1:3])
        both = np.concatenate([part[i, top : top + side, left : left + side] for part in pairs], -1)
        both = both[:, ::-1] if rng.random() < 0.5 else both
        crops.append(both.transpose(1, 0, 2) if rng.random() < 0.5 else both)
    return np.stack(crops)


def train(released, originals, seed, precision="float32", steps=STEPS):
    """A `UNet` from `released` (uint8 (N, H, W, 3)) back to `originals`, by mean absolute error."""
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 21])
    model = UNet().to(_device()).to(memory_format=torch.channels_last)
    # Slightly smaller than the image, so that small images are shifted too.
    side = min(LARGEST_CROP, *(length - length // 8 for length in released.shape[1:3]))
    count = max(FEWEST, min(BATCH, BATCH * 32 * 32 // side**2))
    optimizer = torch.optim.AdamW(model.parameters(), RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, RATE, total_steps=steps, pct_start=0.1
    )
    for _ in range(steps):
        crops = _crops((released, originals), rng, count, side)
        before, after = (
            classifier.as_input(crops[..., part]).to(_device()) for part in (slice(3), slice(3, 6))
        )
        with precision_of(precision):
            output = model(before)
        loss = F.l1_loss(output.float(), after)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    return model.eval()


def purify(model, pixels):
    """The network's output for uint8 images (N, H, W, 3), as uint8."""
    result = np.empty_like(pixels)
    at_a_time = max(1, PIXELS_AT_A_TIME // (pixels.shape[1] * pixels.shape[2]))
    with torch.no_grad():
        for start in range(0, len(pixels), at_a_time):
            images = model(classifier.as_input(pixels[start : start + at_a_time]).to(_device()))
            levels = (255 * (images + 0.5)).round().clamp(0, 255).to(torch.uint8)
            result[start : start + at_a_time] = levels.permute(0, 2, 3, 1).cpu().numpy()
    return result


def _learnt(released, originals, seed, setting):
    """The trained network, from the table's cache if the same pairs were used before."""
    precision = setting.recipe.precision
    code = inspect.getsource(sys.modules[__name__]).encode()
    parts = (
        f"purifier {seed} {precision} {_device()}".encode(),
        code,
        released.tobytes(),
        originals.tobytes(),
    )

    def make():
        model = train(released, originals, seed, precision, STEPS)
        return np.concatenate(
            [tensor.detach().cpu().numpy().ravel() for tensor in model.parameters()]
        )

    vector = cache.stored(setting.tool.cache, parts, make)
    model = UNet()
    nn.utils.vector_to_parameters(torch.from_numpy(vector), model.parameters())
    return model.to(_device()).to(memory_format=torch.channels_last).eval(), vector


def _purified(released, originals, given, seed, setting):
    model, vector = _learnt(released, originals, seed, setting)
    parts = (b"purified", _device().encode(), vector.tobytes(), given.images.tobytes())
    return cache.stored(setting.tool.cache, parts, lambda: purify(model, given.images))


def other_keys(given, seed, setting):
    """The row's images, purified with pairs from a copy of the product, and no indices."""
    return _purified(*own_copy.pairs(given, seed, setting), given, seed, setting), np.array([], int)


def own_pairs(given, seed, setting):
    """The row's images, purified with pairs from the row itself, and those pairs' indices."""
    count = min(OWN_PAIRS, len(given.images) // 2)
    chosen = np.random.default_rng([seed, 23]).permutation(len(given.images))[:count]
    return _purified(given.images[chosen], given.originals[chosen], given, seed, setting), chosen


def figures(attack):
    """A function of a row that measures what `attack` leaves of its perturbation.

    It gives the RMS ratio (None without a perturbation) and PSNR in dB, over the images whose
    originals the attacker lacks.
    """

    def measure(given, seed, setting):
        purified, known = attack(given, seed, setting)
        rest = np.setdiff1d(np.arange(len(given.images)), known)
        originals = given.originals[rest].astype(np.float32)
        before, after = (
            float(((images[rest] - originals) ** 2).mean(dtype=np.float64))
            for images in (given.images, purified)
        )
        return {
            "delta_left": round((after / before) ** 0.5, 4) if before else None,
            "purified_psnr": quality.psnr(given.originals[rest], purified[rest]),
        }

    return measure
