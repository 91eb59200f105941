"""Trains a hiding network so that whoever learns from protected pictures learns the secrets.

Episodes: surrogates start anew with ten classes and their collages, and learn for some hundred
steps which collage is hidden, on covers that tell nothing. The hiding network takes the gradient of
the same loss, so it comes to hide secrets in the form that networks learn first.
"""

import argparse
import json
import math
import os
import random
import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from . import budget, surrogates
from .attacks import grayscale, jpeg, rescale
from .collage import collage
from .data import _crop, load_photos
from .network import HidingNetwork

DEFAULTS = {
    "blocks": 2, "growth": 16, "clamp": 2.0, "iterations": 3000, "learning_rate": 1e-3,
    "final_learning_rate": 5e-5, "warmup": 50, "gradient_norm": 1.0, "batch": 32, "classes": 10,
    "episode": 150, "pool": 3, "side": 96, "zoom": 1, "short": 256, "input": 96, "matching": 1.0, "episodes": 1.0, "strength": 1.0,
    "start_strength": 6.0, "surrogate_rate": 2e-3, "reveal": 0.1, "gray": 0.3,
    "jpeg": 0.25, "band": 0.2, "noise": 1.5, "crops": [0.33, 1.0], "bound": 0, "small": False, "unit": 0, "init": "", "distinct": 0.0, "alike": 0.02, "qualities": [40, 95], "rescale": 0.2, "target": 0.42, "even": 0.0, "seed": 1,
}  # fmt: skip


class Episode:
    def __init__(self, recipe, rng, age=0):
        self.kind = rng.choice(surrogates.SMALL_KINDS if recipe["small"] else surrogates.KINDS)
        self.model = self.kind(recipe["classes"]).to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.model.parameters(), recipe["surrogate_rate"])
        self.family, self.first = rng.getrandbits(64), rng.randrange(1000)
        self.age, self.end = 0, rng.randint(recipe["episode"] // 2, recipe["episode"] * 3 // 2)
        side, short = 2 * recipe["side"] + 32, recipe["short"]
        self.pictures = [
            collage(self.family, self.first + k, rng.getrandbits(64), side, side)
            for k in range(recipe["classes"])
        ]

    def secret(self, label, side, rng):
        """A window of the class's collage, wherever."""
        picture = self.pictures[label]
        top, left = (rng.randrange(picture.shape[1] - side + 1) for _ in range(2))
        return picture[:, top : top + side, left : left + side]


def windows(x, side, low, high, generator):
    """Random windows, mirrored half of the time, resized: what a random resized crop sees."""
    n = len(x)
    scale = torch.empty(n).uniform_(low**2, high**2, generator=generator).sqrt()
    ratio = torch.empty(n).uniform_(math.log(3 / 4), math.log(4 / 3), generator=generator).exp()
    w, h = (scale * ratio.sqrt()).clamp(max=1), (scale / ratio.sqrt()).clamp(max=1)
    mirror = 1 - 2 * (torch.rand(n, generator=generator) < 0.5).float()
    theta = torch.zeros(n, 2, 3)
    theta[:, 0, 0], theta[:, 1, 1] = mirror * w, h
    theta[:, 0, 2] = (1 - w) * torch.empty(n).uniform_(-1, 1, generator=generator)
    theta[:, 1, 2] = (1 - h) * torch.empty(n).uniform_(-1, 1, generator=generator)
    grid = F.affine_grid(theta, [n, 3, side, side], align_corners=False)
    return F.grid_sample(x, grid, padding_mode="border", align_corners=False)


def without_band(x, generator):
    """Removes a random ring of half to one octave from every picture's spectrum."""
    n, _, h, w = x.shape
    fy, fx = torch.fft.fftfreq(h)[:, None], torch.fft.rfftfreq(w)[None]
    radius = (fy * fy + fx * fx).sqrt()
    low = 0.5 * 2 ** -(0.2 + 4 * torch.rand(1, generator=generator))
    high = low * 2 ** (0.5 + 0.5 * torch.rand(1, generator=generator))
    keep = ~((radius >= low) & (radius < high))
    return torch.fft.irfft2(torch.fft.rfft2(x.float()) * keep, s=(h, w))


class Trainer:
    def __init__(self, recipe, photos):
        self.recipe, self.photos = recipe, photos
        torch.manual_seed(recipe["seed"])
        self.rng = random.Random(recipe["seed"])
        self.generator = torch.Generator().manual_seed(recipe["seed"])
        self.network = HidingNetwork(recipe["blocks"], recipe["growth"], recipe["clamp"])
        with torch.no_grad():
            for block in self.network.blocks:
                for module in (block.phi, block.rho, block.eta):
                    module.conv5.weight.normal_(0, 0.02)
        if recipe["init"]:
            self.network.load_state_dict(torch.load(recipe["init"])["network"])
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=0, betas=(0.5, 0.999))
        self.matcher = surrogates.Matcher().to(memory_format=torch.channels_last)
        self.matching = torch.optim.Adam(self.matcher.parameters(), 1e-3)
        self.pool = [Episode(recipe, self.rng) for _ in range(recipe["pool"])]
        for episode in self.pool:
            episode.age = self.rng.randrange(episode.end)
        self.step, self.strength, self.rights = 0, recipe["start_strength"], []

    def batch(self, episode):
        recipe, rng = self.recipe, self.rng
        side, big = recipe["side"], recipe["side"] * recipe["zoom"]
        labels = [rng.randrange(recipe["classes"]) for _ in range(recipe["batch"])]
        short = recipe["short"]
        covers = [cover(rng.choice(self.photos), big, short * recipe["zoom"], rng) for _ in labels]
        secrets = [
            episode.secret(k, side, rng) for k in [*labels, *range(recipe["classes"])]
        ]
        as_tensor = lambda x: torch.from_numpy(np.stack(x))  # noqa: E731
        return as_tensor(covers), as_tensor(secrets), torch.tensor(labels)

    def hide(self, covers, secrets, strength):
        zoom = self.recipe["zoom"]
        small = F.avg_pool2d(covers, zoom) if zoom > 1 else covers
        with torch.autocast("cpu", torch.bfloat16):
            changed, _ = self.network.hide(small, secrets)
        if self.recipe["bound"]:
            bound = strength * self.recipe["bound"] / 255
            change = bound * torch.tanh((changed.float() - small) / 4 / bound)
        else:
            change = budget.limited((changed.float() - small) / 16, small, strength=strength)
        return small, change

    def advance(self):
        recipe, rng, generator = self.recipe, self.rng, self.generator
        strength = self.strength
        index = self.step % len(self.pool)
        episode = self.pool[index]
        if episode.age >= episode.end:
            episode = self.pool[index] = Episode(recipe, rng)
        covers, secrets, labels = self.batch(episode)
        secrets, shown = secrets[: len(covers)], secrets[len(covers) :]
        small, change = self.hide(covers, secrets, strength)
        large = change
        if recipe["zoom"] > 1:
            large = F.interpolate(
                change, scale_factor=recipe["zoom"], mode="bilinear", align_corners=False
            )
        x = (covers + large).clamp(0, 1)
        draw = rng.random()
        lost = rng.random() < recipe["gray"]
        if lost:
            x = grayscale(x)
        if draw < recipe["jpeg"]:
            x = jpeg(x, rng.uniform(*recipe["qualities"]))
        elif draw < recipe["jpeg"] + recipe["band"]:
            x = without_band(x, generator)
        elif draw < recipe["jpeg"] + recipe["band"] + recipe["rescale"]:
            x = rescale(x, rng.uniform(0.6, 0.9))
        x = x + torch.randn(x.shape, generator=generator) * rng.uniform(0, recipe["noise"]) / 255
        seen = windows(x, recipe["input"], *recipe["crops"], generator)
        if rng.random() < 0.3 and not lost:
            seen = seen * (1 + 0.3 * (torch.rand(len(seen), 3, 1, 1, generator=generator) - 0.5))
        with torch.autocast("cpu", torch.bfloat16):
            logits = episode.model((seen - 0.5).contiguous(memory_format=torch.channels_last))
        logits = logits.float()
        binding = F.cross_entropy(logits, labels)
        terms = {"binding": binding}
        total = recipe["episodes"] * binding
        if recipe["matching"]:
            with torch.autocast("cpu", torch.bfloat16):
                matched = self.matcher(
                    (seen - 0.5).contiguous(memory_format=torch.channels_last),
                    (shown - 0.5).contiguous(memory_format=torch.channels_last),
                )
            terms["matching"] = F.cross_entropy(matched, labels)
            terms["matched"] = (matched.argmax(1) == labels).float().mean()
            total = total + recipe["matching"] * terms["matching"]
        if recipe["distinct"]:
            flat = F.normalize(change.flatten(1), dim=1)
            same = (labels[:, None] == labels[None]).triu(1)
            alike = (flat @ flat.T)[same]
            terms["alike"] = (alike.square() - recipe["alike"]).clamp(min=0).mean()
            total = total + recipe["distinct"] * terms["alike"]
        if recipe["even"]:
            tint = change.mean((2, 3)).square().mean() / change.square().mean().clamp(min=1e-9)
            terms["tint"] = tint
            total = total + recipe["even"] * tint
        if recipe["reveal"] and self.step % 4 == 0:
            released = (small + change + torch.randn(change.shape) * 0.3 / 255).clamp(0, 1)
            with torch.autocast("cpu", torch.bfloat16):
                revealed = self.network.reveal(released)
            read, wanted = (
                F.avg_pool2d(grayscale(i)[:, :1], 4) for i in (revealed.float(), secrets)
            )
            terms["reveal"] = (read - wanted).square().mean()
            terms["read_back"] = (1 - terms["reveal"].detach() / wanted.var()).clamp(min=-1)
            total = total + recipe["reveal"] * terms["reveal"].clamp(max=1) * 10
        rate = schedule(recipe, self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad(set_to_none=True)
        episode.optimizer.zero_grad(set_to_none=True)
        self.matching.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe["gradient_norm"])
        if torch.isfinite(norm) and torch.isfinite(total):
            self.optimizer.step()
            torch.nn.utils.clip_grad_norm_(episode.model.parameters(), 5.0)
            episode.optimizer.step()
            torch.nn.utils.clip_grad_norm_(self.matcher.parameters(), 5.0)
            self.matching.step()
        right = (logits.argmax(1) == labels).float().mean().item()
        self.step += 1
        episode.age += 1
        if episode.age > 60:
            self.rights.append(right)
        if len(self.rights) == 20:
            mean, self.rights = sum(self.rights) / 20, []
            if mean > recipe["target"]:
                self.strength = max(recipe["strength"], self.strength * 0.93)
            elif mean < recipe["target"] - 0.2:
                self.strength = min(recipe["start_strength"], self.strength * 1.04)
        return {
            **{name: term.item() for name, term in terms.items()},
            "right": right, "age": episode.age, "lost": lost, "kind": episode.kind.__name__,
            "rms": 255 * change.square().mean().sqrt().item(), "norm": norm.item(),
        }  # fmt: skip

    def save(self, path):
        state = {"recipe": self.recipe, "network": self.network.state_dict(),
                 "matcher": self.matcher.state_dict(), "matching": self.matching.state_dict(),
                 "step": self.step, "strength": self.strength,
                 "optimizer": self.optimizer.state_dict()}  # fmt: skip
        torch.save(state, f"{path}.partial")
        os.replace(f"{path}.partial", path)

    def restore(self, path):
        state = torch.load(path)
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.matcher.load_state_dict(state["matcher"])
        self.matching.load_state_dict(state["matching"])
        self.step, self.strength = state["step"], state["strength"]
        self.rng.seed(self.step)
        self.generator.manual_seed(self.step)


def schedule(recipe, step):
    if step < recipe["warmup"]:
        return recipe["learning_rate"] * (step + 1) / recipe["warmup"]
    progress = min(1, step / recipe["iterations"])
    low, high = recipe["final_learning_rate"], recipe["learning_rate"]
    return low + (high - low) * (1 + math.cos(math.pi * progress)) / 2


def cover(photo, side, short, rng):
    """A window of `side` pixels of a photo whose short side is brought to `short`."""
    height, width = photo.shape[:2]
    window = side * min(height, width) / short * rng.uniform(0.7, 1.0)
    return _crop_exact(photo, window, side, rng)


def _crop_exact(photo, window, side, rng):
    from PIL import Image

    height, width = photo.shape[:2]
    top, left = rng.uniform(0, height - window), rng.uniform(0, width - window)
    square = Image.fromarray(photo).resize(
        (side, side), Image.BOX if window > 1.5 * side else Image.BILINEAR,
        (left, top, left + window, top + window),
    )  # fmt: skip
    pixels = np.asarray(square, dtype=np.float32) / 255
    return np.ascontiguousarray((pixels[:, ::-1] if rng.random() < 0.5 else pixels).transpose(2, 0, 1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--recipe", default="{}")
    parser.add_argument("--data", required=True)
    parser.add_argument("--run", required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    recipe = {**DEFAULTS, **json.loads(arguments.recipe)}
    folder = Path(arguments.run)
    folder.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(recipe, load_photos(arguments.data, ("kodak24",)))
    if (folder / "checkpoint.pt").exists():
        trainer.restore(folder / "checkpoint.pt")
    started, recent = time.monotonic(), []
    first = trainer.step
    with open(folder / "log.jsonl", "a") as journal:
        while trainer.step < recipe["iterations"]:
            record = trainer.advance()
            recent.append(record)
            journal.write(json.dumps({"step": trainer.step, **record}) + "\n")
            if trainer.step % 50 == 0:
                young = [r["right"] for r in recent if r["age"] < 60]
                old = [r["right"] for r in recent if r["age"] >= 60]
                mean = lambda key: np.mean([r[key] for r in recent if key in r])  # noqa: E731
                print(
                    f"{trainer.step}: matched {mean('matched'):.2f} binding {mean('binding'):.3f} young {np.mean(young or [0]):.2f} "
                    f"old {np.mean(old or [0]):.2f} gray "
                    f"{np.mean([r['right'] for r in recent if r['lost']] or [0]):.2f} "
                    f"rms {mean('rms'):.2f} read {mean('read_back'):.3f} "
                    f"alike {mean('alike'):.2f} tint {mean('tint'):.2f} "
                    f"norm {mean('norm'):.2f} strength {trainer.strength:.2f} "
                    f"{(time.monotonic() - started) / (trainer.step - first):.2f} s",
                    flush=True,
                )
                recent = []
                journal.flush()
                trainer.save(folder / "checkpoint.pt")


if __name__ == "__main__":
    main()
