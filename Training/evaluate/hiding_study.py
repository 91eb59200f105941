"""`python -m evaluate.hiding_study`: a hiding network in training, seen and learnt from.

Judges a checkpoint of `deephiding.binding` without the binary: PyTorch hides the collages at the
working size, the change is enlarged, dithered and added to the photo at full size. `look` prints
SSIMULACRA2 of photos, `learn` what a network learns from protected ones.
"""

import argparse
import hashlib
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from deephiding import budget, weights
from deephiding.collage import collage
from deephiding.network import HidingNetwork
from deephiding.semantic_images import semantic_image
from PIL import Image
from torch.nn import functional as F

from . import classifier, columns, photo_rows, photo_table, photos, rows
from .record import keep
from .setting import Product, Setting
from .visibility import metrics, pictures

WORKING_SIZE = 128


def dithered(levels):
    """Rounds levels (H, W, 3) up or down by an ordered threshold, so that their mean is kept.

    The threshold is interleaved gradient noise (Jimenez, Next Generation Post Processing in Call of
    Duty, 2014), shifted by channel.
    """
    y, x = np.mgrid[0 : levels.shape[0], 0 : levels.shape[1]].astype(np.float32)
    planes = [
        np.floor(
            levels[..., c] + (52.9829189 * ((0.06711056 * (x + 5 * c) + 0.00583715 * y) % 1)) % 1
        )
        for c in range(3)
    ]
    return np.stack(planes, -1)


class Limited:
    """What is added at the working size is limited, enlarged and dithered."""

    def change(self, label, photo):
        """The change in levels (H, W, 3) at the photo's size."""
        scale = min(1, self.size / min(photo.size))
        size = [max(2, 2 * round(side * scale / 2)) for side in photo.size]
        small = np.asarray(photo.resize(size, Image.BOX), np.float32) / 255
        cover = torch.from_numpy(small.transpose(2, 0, 1)[None].copy())
        texture = int(hashlib.sha256(small.tobytes()).hexdigest()[:16], 16)
        with torch.no_grad():
            raw = self.raw(cover, label, texture, size)
            change = budget.limited(raw, cover, strength=self.strength)
            large = F.interpolate(
                255 * change, photo.size[::-1], mode="bilinear", align_corners=False
            )
        return large[0].permute(1, 2, 0).numpy()

    def changed(self, label, photo):
        change = np.clip(self.change(label, photo), -8, 8)
        levels = np.asarray(photo).astype(np.float32) + dithered(change)
        return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


class Shipped(Limited):
    """A row of photos protected by a weights file's network, within the perceptual budget."""

    def __init__(self, path, strength=1.0, family=1000, working_size=WORKING_SIZE, gain=1.0):
        self.network, _ = weights.load(path)
        self.strength, self.family, self.size = strength, family, working_size
        self.gain, self.digest = gain, weights.tensors_sha256(path)

    def identity(self):
        return ["shipped", self.digest, self.strength, self.family, self.size, self.gain]

    def raw(self, cover, label, texture, size):
        secret = torch.from_numpy(semantic_image(self.family, label, texture, *size)[None])
        return self.gain * (self.network.hide(cover, secret)[0] - cover)


class Hidden(Limited):
    """A row of photos protected by a checkpoint."""

    def __init__(self, checkpoint, strength=1.0, family=1000, working_size=WORKING_SIZE):
        content = Path(checkpoint).read_bytes()
        self.state = torch.load(checkpoint)
        recipe = self.state["recipe"]
        self.network = HidingNetwork(recipe["blocks"], recipe["growth"], recipe["clamp"])
        self.network.load_state_dict(self.state["network"])
        self.strength, self.family, self.size = strength, family, working_size
        self.digest = hashlib.sha256(content).hexdigest()

    def identity(self):
        return ["hiding study", self.digest, self.strength, self.family, self.size]

    def raw(self, cover, label, texture, size):
        secret = torch.from_numpy(collage(self.family, label, texture, *size)[None])
        return (self.network.hide(cover, secret)[0] - cover) / 16


def row(arguments, family):
    kind = Shipped if arguments.checkpoint.endswith(".safetensors") else Hidden
    return kind(arguments.checkpoint, arguments.strength, family, arguments.working_size)


def _scores(given):
    picture, size, index, arguments = given
    torch.set_num_threads(1)
    original = picture.pixels(size)
    released = np.asarray(row(arguments, 1).changed(index % 10, Image.fromarray(original)))
    if arguments.sheet and index % 4 == 0:
        folder = Path(arguments.sheet)
        folder.mkdir(parents=True, exist_ok=True)
        name = f"{Path(picture.name).stem}-{size.split()[0]}"
        Image.fromarray(released).save(folder / f"{name}-released.png")
        Image.fromarray(original).save(folder / f"{name}-original.png")
    psnr = -10 * np.log10(
        np.square((released.astype(np.float32) - original) / 255).mean() + 1e-12
    )
    return metrics.ssimulacra2(original, released), psnr


def look(arguments):
    chosen = pictures.load(arguments.photos)[:: arguments.every]
    with ProcessPoolExecutor(arguments.processes, mp_context=get_context("spawn")) as pool:
        for size in pictures.SIZES:
            found = pool.map(_scores, [(p, size, i, arguments) for i, p in enumerate(chosen)])
            scores, psnr = np.array(list(found)).T
            print(
                f"{len(chosen)} photos, {size}: SSIMULACRA2 median {np.median(scores):.1f}, 10th "
                f"percentile {np.percentile(scores, 10):.1f}, worst {scores.min():.1f} "
                f"({chosen[scores.argmin()].name}); PSNR {psnr.mean():.1f} dB",
                flush=True,
            )


def learn(arguments):
    out = Path(arguments.out)
    learnt, aside, names = photo_table.gather(
        arguments.dataset, out / "cache", arguments.per_class, 0
    )
    table = {
        rows.CLEAN: photo_rows.AsTheyAre(),
        "hidden": row(arguments, 1000),
    }
    way = photo_rows.Way(arguments.enlarge, 85)
    photo_rows.make(out / "cache", table, learnt, way)
    originals, images = (
        photo_rows.load(out / "cache", table, row, learnt, way) for row in (rows.CLEAN, "hidden")
    )
    labels = np.array([label for _, label in learnt])
    unseen, wanted = photos.untouched(aside), np.array([label for _, label in aside])
    recipe = classifier.Recipe(
        "photo", arguments.epochs, photos.BATCH, crop=photos.SIDE,
        precision=classifier.fast_precision(),
    )  # fmt: skip
    tool = Product("", "", out / "cache", names)
    setting = Setting("", "", "test", len(images), recipe, tool, out, side=128)
    torch.set_num_threads(1)
    for column in arguments.columns.split(";"):
        image_set = originals if arguments.clean else images
        history = columns.ALL[column](
            rows.TrainingSet(image_set, labels, originals), unseen, wanted, 0, setting
        )
        name = "clean" if arguments.clean else arguments.name
        record = {"row": name, "column": column, "epochs": arguments.epochs,
                  "strength": arguments.strength, "accuracy": history[-1],
                  "history": [round(a, 1) for a in history]}  # fmt: skip
        keep(out / f"{name}-{column}-{arguments.epochs}.json".replace(" ", "_"), record)
        print(f"{name}, {column}: {history[-1]:.1f} (highest {max(history):.1f})", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="evaluate.hiding_study")
    parser.add_argument("what", choices=["look", "learn"])
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--strength", type=float, default=1.0, help="times the standard budget")
    parser.add_argument("--working-size", type=int, default=WORKING_SIZE)
    parser.add_argument("--photos", help="photos.tar, to look at")
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--sheet", help="folder for some of the pairs")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--dataset", help="imagenette224.tar, to learn from")
    parser.add_argument("--per-class", type=int, default=200)
    parser.add_argument("--enlarge", type=int, default=1080)
    parser.add_argument("--epochs", type=float, default=50)
    parser.add_argument("--columns", default="vanilla")
    parser.add_argument("--clean", action="store_true", help="learn from the clean photos")
    parser.add_argument("--name", default="hidden")
    parser.add_argument("--out", default="runs/hiding-study")
    arguments = parser.parse_args()
    try:
        {"look": look, "learn": learn}[arguments.what](arguments)
    except (photos.PhotosError, pictures.PicturesError, OSError) as error:
        sys.exit(f"hiding_study: {error}")


if __name__ == "__main__":
    main()
