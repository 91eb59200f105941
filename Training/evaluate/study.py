"""Tests one candidate under one countermeasure on the validation split.

Used to choose recipes, secrets and the classifier.

    python -m evaluate.study --dataset FILE clean
    python -m evaluate.study --dataset FILE strokes:8,1.3,5,5 --column "JPEG 50"
    python -m evaluate.study --dataset FILE class-wise --run runs/shipped

A candidate is `clean`, `control`, `smooth` or `strokes:AMPLITUDE,GAIN,SHORTEST,LONGEST` (a class's
strokes added directly). With the checkpoint of a training run it is `class-wise`, `sample-wise` or
`fresh`.
"""

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from deephiding.network import HidingNetwork
from deephiding.semantic_images import semantic_image
from PIL import Image

from . import cells, classifier, columns, datasets, perturbations, plans, rows
from .setting import Product, Setting
from .splits import splits


def strokes(pixels, labels, amplitude, gain, shortest, longest):
    """Adds a class's strokes directly: gray waves of `amplitude` levels, clipped by `gain`.

    Wavelengths lie between `shortest` and `longest` pixels. This is the upper bound for a network
    that hides strokes.
    """
    y, x = np.mgrid[0 : pixels.shape[1], 0 : pixels.shape[2]]
    patterns = []
    for label in range(int(labels.max()) + 1):
        angle, place = np.pi * (label * 0.618033989 % 1), (0.6 + label * 0.569840291) % 1
        phase = np.random.default_rng([11, label, 1]).uniform(0, 6.3)
        wavelength = shortest + (longest - shortest) * place
        wave = gain * np.sin(
            2 * np.pi / wavelength * (x * np.cos(angle) + y * np.sin(angle)) + phase
        )
        patterns.append(amplitude * np.clip(wave, -1, 1)[..., None])
    return perturbations.add(pixels, np.stack(patterns)[labels])


def load_run(folder):
    """The network of a training run's latest checkpoint."""
    state = torch.load(Path(folder) / "checkpoint.pt", map_location="cpu")
    recipe = state["recipe"]
    network = HidingNetwork(recipe["blocks"], recipe["growth"], recipe["clamp"])
    network.load_state_dict(state["network"])
    return network.eval(), state["step"]


def protect(network, pixels, labels, mode, family, epsilon=8, picture=None):
    """Protects in PyTorch as the product does in Swift.

    Prints how well the first batch's secrets are revealed.
    """
    height, width = pixels.shape[1:3]

    def secret(i, label):
        if mode == "fresh":
            return semantic_image(family + 1 + i, 0, i, width, height)
        return semantic_image(
            family, int(label), i if mode == "sample-wise" else 500 + int(label), width, height
        )

    released = []
    for start in range(0, len(pixels), 250):
        x = torch.from_numpy(pixels[start : start + 250]).permute(0, 3, 1, 2).float() / 255
        secrets = np.stack(
            [secret(start + i, label) for i, label in enumerate(labels[start : start + 250])]
        )
        with torch.no_grad():
            protected, _ = network.hide(x, torch.from_numpy(secrets))
            out = (
                ((x + (protected - x).clamp(-epsilon / 255, epsilon / 255)) * 255)
                .clamp(0, 255)
                .round()
            )
            if start == 0:
                revealed = network.reveal(out / 255).clamp(0, 1).numpy()
                psnr = -10 * np.log10(((revealed - secrets) ** 2).mean())
                print(f"{mode}: revealed {psnr:.1f} dB", flush=True)
                if picture:
                    rows = [
                        x * 255,
                        out,
                        128 + 12 * (out - x * 255),
                        255 * torch.from_numpy(secrets),
                        revealed * 255,
                    ]
                    strips = [
                        np.concatenate(list(np.asarray(r[:16]).clip(0, 255)), 2) for r in rows
                    ]
                    sheet = np.concatenate(strips, 1).transpose(1, 2, 0).astype(np.uint8)
                    Image.fromarray(sheet).resize((2 * sheet.shape[1], 2 * sheet.shape[0]), 0).save(
                        picture
                    )
        released.append(out.permute(0, 2, 3, 1).numpy().astype(np.uint8))
    return np.concatenate(released)


def main():
    parser = argparse.ArgumentParser(description="Measure one candidate on the validation split.")
    parser.add_argument("candidate")
    parser.add_argument("--dataset", required=True)
    parser.add_argument("--run", help="a training run's folder")
    parser.add_argument("--column", default="vanilla", choices=list(columns.ALL))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--family", type=int, default=11, help="family seed of the secrets")
    parser.add_argument("--batch", type=int, default=classifier.CPU.batch)
    parser.add_argument(
        "--pad",
        type=int,
        default=classifier.CPU.pad,
        help="largest shift of the random crop, pixels",
    )
    parser.add_argument(
        "--precision", choices=["float32", "bfloat16"], default=classifier.fast_precision()
    )
    parser.add_argument("--epochs", type=float, default=classifier.CPU.epochs)
    parser.add_argument(
        "--backbone", help="EfficientNet-Lite0 for ImageNet as safetensors, for fine-tuning"
    )
    parser.add_argument("--diffusion", help="checkpoint of evaluate.diffusion, for AVATAR")
    parser.add_argument(
        "--picture", help="PNG of covers, releases, delta x 12, secrets and revealed secrets"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    try:
        data = datasets.load(arguments.dataset)
    except datasets.DatasetError as error:
        sys.exit(f"study: {error}")
    x, y, x_test, y_test = splits(data, "validation", plans.PLANS["prove"].images)
    name, _, amount = arguments.candidate.partition(":")
    if name in ("class-wise", "sample-wise", "fresh"):
        if not arguments.run:
            parser.error(f"{name} needs --run")
        network, step = load_run(arguments.run)
        print(f"{arguments.run} at iteration {step}")
        released = protect(network, x, y, name, arguments.family, picture=arguments.picture)
    elif name == "strokes":
        released = strokes(x, y, *(float(number) for number in amount.split(",")))
    else:
        makers = {
            "clean": perturbations.zero,
            "control": perturbations.random_noise,
            "smooth": perturbations.smooth_noise,
        }
        if name not in makers:
            parser.error(f"unknown candidate '{name}'")
        released = makers[name](x, y, arguments.seed)
    mse = ((released.astype(float) - x) ** 2).mean()
    recipe = replace(
        classifier.CPU,
        epochs=arguments.epochs,
        batch=arguments.batch,
        pad=arguments.pad,
        precision=arguments.precision,
    )
    setting = Setting(
        arguments.dataset, data.digest(), "validation", len(x), recipe,
        Product("", "", Path(), data.names), Path(),
        arguments.backbone, arguments.diffusion,
    )  # fmt: skip
    history = columns.ALL[arguments.column](
        rows.TrainingSet(released, y, x), x_test, y_test, arguments.seed, setting
    )
    psnr = f"{10 * np.log10(255**2 / mse):.2f}" if mse else "-"
    print(
        f"{arguments.candidate} / {arguments.column} / seed {arguments.seed}: last "
        f"{history[-1]:.1f} %, peak {max(history):.1f} %, PSNR {psnr} dB; every epoch "
        f"{' '.join(f'{h:.0f}' for h in history)}"
    )


if __name__ == "__main__":
    main()
