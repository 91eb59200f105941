"""`python -m evaluate.hiding_study`: a hiding network in training, seen and learnt from.

Judges a checkpoint of `deephiding.binding` without the binary: PyTorch hides the collages at the
working size, the change is enlarged, dithered and added to the photo at full size. `look` prints
SSIMULACRA2 of photos, `learn` what a network learns from protected ones, `learn-small` what it
learns from CIFAR-10. Instead of a checkpoint it takes a weights file; that of a network without a
gain, such as that of the waves, hides strokes within the perceptual budget.
"""

import argparse
import hashlib
import json
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple
from multiprocessing import get_context
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import torch
from deephiding import budget, courses, weights
from deephiding.collage import collage
from deephiding.network import HidingNetwork
from deephiding.semantic_images import semantic_image
from PIL import Image
from torch.nn import functional as F

from . import classifier, columns, datasets, photo_rows, photo_table, photos, rows, splits
from .record import keep
from .setting import Product, Setting
from .visibility import metrics, pictures

WORKING_SIZE = 128
# Small pictures protected at a time, and what keeps their textures apart.
BATCH, TEXTURE = 100, 0x9E3779B97F4A7C15


# The R2 sequence's steps as fractions of 2^32, and a third of a turn between channels, as
# `plm_dither_row` of the product has them.
COLUMN_STEP, ROW_STEP, CHANNEL_STEP = 0xC13FA9A9, 0x91E10DA6, 0x55555555


def dithered(levels):
    """Rounds levels (H, W, 3) up or down by the product's thresholds, so that their mean is kept."""
    rows_of, columns_of, channels = (np.arange(n, dtype=np.uint32) for n in levels.shape)
    place = (
        rows_of[:, None, None] * np.uint32(ROW_STEP)
        + columns_of[None, :, None] * np.uint32(COLUMN_STEP)
        + channels * np.uint32(CHANNEL_STEP)
    )
    return np.floor(levels + (place >> 20).astype(np.float32) / 4096)


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
            change = self.levels(cover, label, texture)
            large = F.interpolate(change, photo.size[::-1], mode="bilinear", align_corners=False)
        return large[0].permute(1, 2, 0).numpy()

    def changed(self, label, photo):
        change = np.clip(self.change(label, photo), -8, 8)
        levels = np.asarray(photo).astype(np.float32) + dithered(change)
        return Image.fromarray(np.clip(levels, 0, 255).astype(np.uint8))


class Waves(Limited):
    """A row of photos protected by a weights file's network, within the perceptual budget."""

    def __init__(self, path, strength=1.0, family=1000, working_size=WORKING_SIZE):
        self.network, _ = weights.load(path)
        self.strength, self.family, self.size = strength, family, working_size
        self.digest = weights.tensors_sha256(path)

    def identity(self):
        return ["shipped", self.digest, self.strength, self.family, self.size]

    def levels(self, cover, label, texture):
        secret = semantic_image(self.family, label, texture, cover.shape[3], cover.shape[2])
        proposed = self.network.hide(cover, torch.from_numpy(secret[None]))[0] - cover
        return 255 * budget.limited(proposed, cover, strength=self.strength)


class Hidden(Limited):
    """A row of photos protected by a checkpoint of `deephiding.binding`, or by its weights file.

    `bound` in levels replaces the perceptual budget.
    """

    def __init__(self, path, strength=1.0, family=1000, working_size=WORKING_SIZE, bound=0):
        if Path(path).suffix == ".safetensors":
            self.network, metadata = weights.load(path)
            self.gain = float(metadata["gain"])
        else:
            state = torch.load(path, map_location="cpu")
            recipe = state["recipe"]
            self.gain = recipe["gain"]
            self.network = HidingNetwork(*(recipe[k] for k in ("blocks", "growth", "clamp")))
            self.network.load_state_dict(state["network"])
        self.strength, self.family, self.size = strength, family, working_size
        self.bound = bound
        self.digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()

    def identity(self):
        within = self.bound or astuple(budget.STANDARD)
        return ["hiding study", self.digest, self.strength, self.family, self.size, within]

    def proposed(self, cover, secrets):
        with torch.no_grad():
            return courses.proposed(
                self.network, cover, secrets, self.gain, self.bound, self.strength
            )[1]

    def levels(self, cover, label, texture):
        secret = torch.from_numpy(
            collage(self.family, label, texture, cover.shape[3], cover.shape[2])[None]
        )
        return self.proposed(cover, secret)

    def small(self, pixels, labels):
        """Small pictures uint8 (N, H, W, 3), each with a texture of its own, protected."""
        released = np.empty_like(pixels)
        for first in range(0, len(pixels), BATCH):
            part = slice(first, first + BATCH)
            cover = torch.from_numpy(pixels[part]).permute(0, 3, 1, 2).float() / 255
            secrets = [
                collage(self.family, int(label), TEXTURE * (first + i), *cover.shape[:1:-1])
                for i, label in enumerate(labels[part])
            ]
            change = self.proposed(cover, torch.from_numpy(np.stack(secrets)))
            levels = (255 * cover + change).round().clamp(0, 255)
            released[part] = levels.byte().permute(0, 2, 3, 1).numpy()
        return released


def row(arguments, family):
    path = Path(arguments.checkpoint)
    given = (path, arguments.strength, family, arguments.working_size)
    if path.suffix == ".safetensors" and "gain" not in weights.load(path)[1]:
        return Waves(*given)
    return Hidden(*given, arguments.bound)


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
    given = rows.TrainingSet(originals if arguments.clean else images, labels, originals)
    _measure(arguments, given, unseen, wanted, setting)


def alike(change, labels):
    """Mean absolute correlation of the changes of two pictures of a class."""
    found = []
    for label in np.unique(labels):
        flat = change[labels == label][:60].reshape(-1, change[0].size).astype(np.float64)
        flat -= flat.mean(1, keepdims=True)
        flat /= np.linalg.norm(flat, axis=1, keepdims=True) + 1e-9
        found.append(np.abs((flat @ flat.T)[np.triu_indices(len(flat), 1)]).mean())
    return float(np.mean(found))


def learn_small(arguments):
    """What a network learns from small pictures, on the validation split."""
    data = datasets.load(arguments.dataset)
    x, y, x_test, y_test = splits.splits(data, "validation", arguments.images)
    hidden = row(arguments, 1000)
    released = hidden.small(x, y)
    change = released.astype(np.int16) - x
    print(
        f"{arguments.name}: RMS {np.sqrt(np.square(change.astype(np.float32)).mean()):.2f} levels, "
        f"largest {np.abs(change).max()}, correlation within a class {alike(change, y):.2f}",
        flush=True,
    )
    out = Path(arguments.out)
    tool = Product("", "", out / "cache", tuple(data.names))
    recipe = classifier.Recipe(precision=classifier.fast_precision())
    setting = Setting("", "", "validation", len(x), recipe, tool, out)
    given = rows.TrainingSet(x if arguments.clean else released, y, x)
    _measure(arguments, given, x_test, y_test, setting)


def _measure(arguments, given, unseen, wanted, setting):
    torch.set_num_threads(1)
    name = "clean" if arguments.clean else arguments.name
    for column in arguments.columns.split(";"):
        history = columns.ALL[column](given, unseen, wanted, 0, setting)
        record = {
            "row": name, "column": column, "epochs": setting.recipe.epochs,
            "strength": arguments.strength, "accuracy": history[-1],
            "history": [round(accuracy, 1) for accuracy in history],
        }  # fmt: skip
        file = f"{name}-{column}-{setting.recipe.epochs:g}.json".replace(" ", "_")
        keep(setting.out / file, record)
        print(f"{name}, {column}: {history[-1]:.1f} (highest {max(history):.1f})", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="evaluate.hiding_study")
    parser.add_argument("what", choices=["look", "learn", "learn-small"])
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--strength", type=float, default=1.0, help="times the standard budget")
    parser.add_argument(
        "--bound", type=float, default=0, help="levels, instead of the perceptual budget"
    )
    parser.add_argument("--working-size", type=int, default=WORKING_SIZE)
    parser.add_argument("--photos", help="photos.tar, to look at")
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--sheet", help="folder for some of the pairs")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--dataset", help="imagenette224.tar, or cifar10.tar for learn-small")
    parser.add_argument("--per-class", type=int, default=200)
    parser.add_argument("--images", type=int, default=10_000, help="of small pictures")
    parser.add_argument("--enlarge", type=int, default=1080)
    parser.add_argument("--epochs", type=float, default=50)
    parser.add_argument("--columns", default="vanilla")
    parser.add_argument("--clean", action="store_true", help="learn from the clean photos")
    parser.add_argument("--name", default="hidden")
    parser.add_argument("--out", default="runs/hiding-study")
    arguments = parser.parse_args()
    try:
        {"look": look, "learn": learn, "learn-small": learn_small}[arguments.what](arguments)
    except (photos.PhotosError, pictures.PicturesError, datasets.DatasetError, OSError) as error:
        sys.exit(f"hiding_study: {error}")


if __name__ == "__main__":
    main()
