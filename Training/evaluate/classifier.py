"""Trains a network from scratch on uint8 images and tracks its accuracy on clean test images."""

import ctypes
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path

import learners
import numpy as np
import torch
from learners import adversary
from torch.nn import functional as F

from . import augmentation, mixing, randaugment, ueraser

PROGRESS_IMAGES = 2_000
TEST_PIXELS = 500 * 64 * 64


@dataclass(frozen=True)
class Recipe:
    """Training hyperparameters: SGD with momentum 0.9, mirroring and crops.

    `epochs` counts passes over the images. `rate` is the peak learning rate and `schedule` its
    course: `one-cycle` (Smith 2018, 30 % rising) or `steps` (divided by ten after 40 % and again
    after 80 %). `precision` is that of the products in the network, `float32` or `bfloat16`;
    weights and sums are always float32. Crops are zero-padded shifts of at most `pad` pixels. With
    `crop` they are resized crops of 8 to 100 % of the area to that side, and testing uses the
    central square.
    """

    learner: str = "narrow"
    epochs: float = 15
    batch: int = 32
    rate: float = 0.1
    schedule: str = "one-cycle"
    weight_decay: float = 5e-4
    pad: int = 2
    crop: int = 0
    precision: str = "float32"

    def identity(self):
        """Everything that changes the result; identifies the cells."""
        return asdict(self)


CPU = Recipe()
# 40,000 iterations of 128 over 50,000 images; the rate is divided by ten after 16,000 and 32,000
# (the paper's own).
PAPER = Recipe("ResNet-18", epochs=102.4, batch=128, schedule="steps", pad=4)


def fast_precision():
    """`bfloat16` where the device multiplies it faster than float32, otherwise `float32`."""
    if torch.cuda.is_available():
        return "bfloat16"
    try:
        return "bfloat16" if "avx512_bf16" in Path("/proc/cpuinfo").read_text() else "float32"
    except OSError:
        return "float32"


def as_input(pixels):
    """uint8 (N, H, W, 3) to float (N, 3, H, W) in [-0.5, 0.5], channels last in memory."""
    x = torch.from_numpy(np.ascontiguousarray(pixels)) if isinstance(pixels, np.ndarray) else pixels
    return (x.permute(0, 3, 1, 2).float() / 255 - 0.5).contiguous(memory_format=torch.channels_last)


def accuracy(model, x, y):
    """Accuracy on uint8 images, in percent; the tensors must be on the model's device."""
    model.eval()
    # Smaller batches of large images, or where the model upscales: a batch of photos takes
    # gigabytes.
    batch = max(1, min(500, TEST_PIXELS // max(x.shape[1], getattr(model, "enlarged", 0)) ** 2))
    right = 0
    with torch.no_grad():
        for i in range(0, len(x), batch):
            right += int((model(as_input(x[i : i + batch])).argmax(1) == y[i : i + batch]).sum())
    return 100 * right / len(x)


def _schedule(optimizer, recipe, steps):
    if recipe.schedule == "one-cycle":
        return torch.optim.lr_scheduler.OneCycleLR(
            optimizer, recipe.rate, total_steps=steps, pct_start=0.3
        )
    milestones = [int(0.4 * steps), int(0.8 * steps)]
    return torch.optim.lr_scheduler.MultiStepLR(optimizer, milestones, 0.1)


def _keep_memory():
    """Makes glibc keep the memory of large tensors.

    With photos, returning and zeroing it at every step costs more time than the products.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        m_trim_threshold, m_mmap_max = -1, -4
        libc.mallopt(m_mmap_max, 0)
        libc.mallopt(m_trim_threshold, -1)


def train(
    x,
    y,
    x_test,
    y_test,
    seed,
    recipe=CPU,
    classes=10,
    mix=None,
    attack=None,
    erase=False,
    varied=False,
    model=None,
    log=None,
):
    """Trains from scratch, or fine-tunes `model`, on uint8 images (N, H, W, 3) and their labels.

    `mix` names one of `mixing.ALL`, `attack` one of `adversary.ALL`; `erase` turns on UEraser;
    `varied` replaces mirroring and crops by `randaugment`. Returns (model, history). `history`
    holds the test accuracy in percent after every epoch: over all test images for the last one,
    over the first 2,000 for the others.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    _keep_memory()
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    model = learners.ALL[recipe.learner](classes) if model is None else model
    model = model.to(device).to(memory_format=torch.channels_last)
    x, x_test = (
        torch.from_numpy(np.ascontiguousarray(images)).to(device) for images in (x, x_test)
    )
    y, y_test = (torch.from_numpy(labels.astype(np.int64)).to(device) for labels in (y, y_test))
    if recipe.crop:
        x_test = augmentation.middle(x_test, recipe.crop)
    optimizer = torch.optim.SGD(
        [p for p in model.parameters() if p.requires_grad],
        recipe.rate,
        0.9,
        weight_decay=recipe.weight_decay,
    )
    an_epoch = len(x) // recipe.batch
    steps = round(an_epoch * recipe.epochs)
    schedule = _schedule(optimizer, recipe, steps)
    precision = (
        torch.autocast(device, torch.bfloat16) if recipe.precision == "bfloat16" else nullcontext()
    )
    generator = torch.Generator().manual_seed(seed)
    history, step = [], 0
    while step < steps:
        model.train()
        order = torch.from_numpy(rng.permutation(len(x))[: an_epoch * recipe.batch])
        for chosen in order.split(recipe.batch):
            if step == steps:
                break
            chosen = chosen.to(device)
            labels = y[chosen]
            if varied:
                images = as_input(randaugment.augmented(x[chosen], recipe.crop or x.shape[1]))
            elif recipe.crop:
                images = augmentation.resized(
                    as_input(x[chosen]), generator, augmentation.SMALLEST_CROP, recipe.crop
                )
            else:
                images = as_input(augmentation.shifted(x[chosen], rng, recipe.pad))
            if mix:
                mixed, labels = mixing.ALL[mix](
                    images + 0.5, F.one_hot(labels, classes).float(), rng
                )
                images = mixed - 0.5
            if attack:
                images = adversary.ALL[attack](model, images, labels)
            if erase:
                draws = ueraser.DRAWS if step < ueraser.WORST_UNTIL * steps else 1
                images, labels = (
                    ueraser.augment_each(images + 0.5, draws, generator) - 0.5, labels.repeat(draws)
                )
            with precision:
                logits = model(images)
            losses = F.cross_entropy(logits.float(), labels, reduction="none")
            loss = losses.view(-1, recipe.batch).amax(0).mean()
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
        some = PROGRESS_IMAGES if step < steps else len(x_test)
        history.append(accuracy(model, x_test[:some], y_test[:some]))
        if log:
            log(f"step {step}/{steps}: train loss {loss.item():.3f}, test {history[-1]:.2f} %")
    return model, history
