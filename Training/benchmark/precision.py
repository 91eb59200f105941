"""How the precision of products affects released images.

    python -m benchmark.precision --weights FILE --photos FOLDER

The network hides in the photos once with float32 convolutions and once with each kind of product
below. Both results are released (clipped to +-8 levels, rounded). Palimpsest's determinism promise
lets 0.1 % of the samples differ between machines.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from deephiding import weights
from deephiding.semantic_images import semantic_image
from PIL import Image
from torch import nn
from torch.nn import functional as F

from .model import Hiding

WIDTH, HEIGHT, BOUND = 384, 256, 8

# Winograd F(4x4, 3x3): Lavin and Gray 2016, section 4.2.
INPUT = torch.tensor([[4., 0, -5, 0, 1, 0], [0, -4, -4, 1, 1, 0], [0, 4, -4, -1, 1, 0],
                      [0, -2, -1, 2, 1, 0], [0, 2, -1, -2, 1, 0],
                      [0, 4, 0, -5, 0, 1]])  # fmt: skip
WEIGHTS = torch.tensor([[1 / 4, 0, 0], [-1 / 6, -1 / 6, -1 / 6], [-1 / 6, 1 / 6, -1 / 6],
                        [1 / 24, 1 / 12, 1 / 6],
                        [1 / 24, -1 / 12, 1 / 6], [0, 0, 1]])  # fmt: skip
OUTPUT = torch.tensor(
    [[1.0, 1, 1, 1, 1, 0], [0, 1, -1, 2, -2, 0], [0, 1, 1, 4, 4, 0], [0, 1, -1, 8, -8, 1]]
)


def rounded(tensor):
    """Rounds to bfloat16 and back."""
    return tensor.bfloat16().float()


def direct(x, convolution):
    """Convolution with bfloat16 inputs and weights and float32 sums."""
    return F.conv2d(rounded(x), rounded(convolution.weight), convolution.bias, padding=1)


def winograd(x, convolution, rounding):
    """Convolution in the transform domain, where both factors are rounded."""
    n, _, height, width = x.shape
    rows, columns = -(-height // 4), -(-width // 4)
    padded = F.pad(x, (1, 1 + 4 * columns - width, 1, 1 + 4 * rows - height))
    tiles = padded.unfold(2, 6, 4).unfold(3, 6, 4)
    features = rounding(torch.einsum("ij,nchwjk,lk->nchwil", INPUT, tiles, INPUT))
    factors = rounding(torch.einsum("ij,ocjk,lk->ocil", WEIGHTS, convolution.weight, WEIGHTS))
    products = torch.einsum("ocil,nchwil->nohwil", factors, features)
    y = torch.einsum("ij,nohwjk,lk->nohwil", OUTPUT, products, OUTPUT).permute(0, 1, 2, 4, 3, 5)
    y = y.reshape(n, -1, 4 * rows, 4 * columns)[:, :, :height, :width]
    return y + convolution.bias.view(1, -1, 1, 1)


KINDS = {
    "float32, transform domain": lambda x, convolution: winograd(
        x, convolution, lambda tensor: tensor
    ),
    "bfloat16, direct": direct,
    "bfloat16, transform domain": lambda x, convolution: winograd(x, convolution, rounded),
}


def released(cover, protected):
    """The 8-bit samples as whole floats."""
    delta = (255 * (protected - cover)).clamp(-BOUND, BOUND)
    return torch.floor((255 * cover + delta).clamp(0, 255) + 0.5)


def psnr(cover, picture):
    return float(10 * torch.log10(255**2 / ((picture - 255 * cover) ** 2).mean()))


def hide(model, cover, secret, convolve=None):
    """Hides; `convolve`, if given, replaces every convolution."""
    convolutions = [module for module in model.modules() if isinstance(module, nn.Conv2d)]
    for convolution in convolutions:
        if convolve:
            convolution.forward = lambda x, self=convolution: convolve(x, self)
        else:
            convolution.__dict__.pop("forward", None)
    with torch.no_grad():
        return model(cover, secret)


def main():
    parser = argparse.ArgumentParser(
        prog="benchmark.precision", description="What bfloat16 would do to the pictures."
    )
    parser.add_argument("--weights", required=True)
    parser.add_argument("--photos", required=True, help="a folder of photos")
    parser.add_argument("--count", type=int, default=24)
    arguments = parser.parse_args()
    paths = sorted(
        p
        for p in Path(arguments.photos).iterdir()
        if p.suffix.lower() in {".png", ".jpg", ".jpeg", ".webp"}
    )
    model = Hiding(weights.load(arguments.weights)[0]).eval()
    different, largest, change = ({kind: [] for kind in KINDS} for _ in range(3))
    for index, path in enumerate(paths[: arguments.count]):
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB").resize((WIDTH, HEIGHT)), np.float32) / 255
        cover = torch.from_numpy(pixels).permute(2, 0, 1)[None]
        secret = torch.from_numpy(semantic_image(1, index % 10, 2, WIDTH, HEIGHT))[None].float()
        exact = hide(model, cover, secret)
        for kind, convolve in KINDS.items():
            result = hide(model, cover, secret, convolve)
            one, other = released(cover, exact), released(cover, result)
            different[kind].append(float((one != other).float().mean()))
            largest[kind].append(float(255 * (exact - result).abs().max()))
            change[kind].append(abs(psnr(cover, one) - psnr(cover, other)))
    print(
        "| products | samples that differ | largest difference before rounding, levels | largest "
        "change of PSNR, dB |"
    )
    print("|---|---|---|---|")
    for kind in KINDS:
        print(
            f"| {kind} | {100 * np.mean(different[kind]):.4f} % | {max(largest[kind]):.4f} | "
            f"{max(change[kind]):.4f} |"
        )
    print(
        f"\n{len(paths[: arguments.count])} photos at {WIDTH}x{HEIGHT}, weights "
        f"{weights.tensors_sha256(arguments.weights)[:12]}"
    )


if __name__ == "__main__":
    main()
