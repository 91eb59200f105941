"""Trains a hiding network so that whoever learns from protected pictures learns the secrets.

The hiding network and the surrogates of `episodes` lower the same loss: which collage is hidden in
a window of a cover that itself tells nothing. It is error minimisation (Huang et al. 2021) by a
generator that has to serve every set of secrets and every fresh network. A `Matcher` that is kept
through all episodes gives the gradient that young surrogates do not have yet. A curriculum weakens
the change as long as surrogates learn it.
"""

import json
import math
import os
import random
import time
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from . import budget, surrogates, weights
from .attacks import grayscale
from .data import DataError
from .episodes import Episode
from .network import HidingNetwork
from .train import command_line, learning_rate, merged
from .view import View

DEFAULTS = {
    # The network: the change is `gain` times what it proposes, softly bound. `start` names a
    # checkpoint or a weights file to begin with.
    "blocks": 3, "growth": 24, "clamp": 2.0, "gain": 0.5, "spread": 0.01, "start": "",
    # Levels that bound the change, or 0 for the perceptual budget.
    "bound": 0,
    # Windows of photos: their side in pixels, that of the whole photo's short side, how many times
    # larger trainers see them, and the share of a window's side that a crop takes.
    "side": 64, "short": 128, "zoom": 2, "input": 96, "crops": [0.24, 0.9],
    "exclude": ["kodak24"], "batch": 32, "classes": 10,
    # Surrogates: kind, learning rate, mean steps of an episode, episodes at a time.
    "surrogates": "photos", "surrogate_rate": 2e-3, "episode": 120, "pool": 3,
    # The factor of the bound or budget: at the start, the least, and the accuracy of surrogates
    # above which it falls.
    "start_strength": 8.0, "strength": 1.0, "target": 0.35,
    # What trainers do to pictures.
    "gray": 0.2, "jpeg": 0.2, "qualities": [40, 95], "band": 0.15, "rescale": 0.1, "noise": 1.5,
    # Weights of the losses. The changes of a class must be alike no more than a squared cosine of
    # `alike`, and have no tint, from step `free` on.
    "episodes": 1.0, "matching": 0.5, "reveal": 1.0, "excess": 0.003, "distinct": 2.0,
    "alike": 0.06, "even": 0.3, "free": 800,
    "iterations": 8000, "learning_rate": 1e-3, "final_learning_rate": 5e-5, "warmup": 50,
    "gradient_norm": 1.0, "seed": 1,
}  # fmt: skip
# Answers between two looks at the accuracy, and the factors. Surrogates count at ages that most
# reach; older ones have learnt what was stronger then.
LOOK, WEAKER, STRONGER = 20, 0.97, 1.02
GROWN, OLD = 60, 150
# The secret's luminance is read back at this share of the size, at every REVEAL-th step.
SHRINK, REVEAL = 4, 4


def load_recipe(path):
    """The recipe in `path` merged over the defaults; unknown names are refused."""
    return merged(path, DEFAULTS)


def window(photo, side, short, rng):
    """A random square of a photo (3, side, side), at the scale of its short side as `short` pixels.

    It may be up to 1.4 times finer, and is mirrored half of the time.
    """
    height, width = photo.shape[:2]
    length = min(side * rng.uniform(0.7, 1) / short, 1) * min(height, width)
    top, left = rng.uniform(0, height - length), rng.uniform(0, width - length)
    square = Image.fromarray(photo).resize(
        (side, side),
        Image.BOX if length > 1.5 * side else Image.BILINEAR,
        (left, top, left + length, top + length),
    )
    pixels = np.asarray(square, dtype=np.float32) / 255
    if rng.random() < 0.5:
        pixels = pixels[:, ::-1]
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def tensors_of(path):
    """The network's tensors in a checkpoint or a weights file."""
    if Path(path).suffix == ".safetensors":
        return weights.load(path)[0].state_dict()
    return torch.load(path, map_location="cpu")["network"]


def bound_softly(change, bound):
    """A change in levels, each value kept below `bound`: x / sqrt(1 + (x / bound)^2)."""
    return change / (1 + (change / bound).square()).sqrt()


def proposed(network, cover, secret, recipe, strength=1.0):
    """The change (N, 3, H, W) in levels before and after its bound or budget."""
    changed, _ = network.hide(cover, secret)
    raw = 255 * recipe["gain"] * (changed.float() - cover)
    if recipe["bound"]:
        return raw, bound_softly(raw, strength * recipe["bound"])
    return raw, 255 * budget.limited(raw / 255, cover, strength=strength)


class Trainer:
    """One run: network, matcher, episodes and their optimisers, saved and restored together."""

    def __init__(self, recipe, photos):
        self.recipe, self.photos = recipe, photos
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(recipe["seed"])
        self.rng = random.Random(recipe["seed"])
        self.generator = torch.Generator().manual_seed(recipe["seed"])
        self.view = View(recipe, self.rng, self.generator)
        self.network = HidingNetwork(recipe["blocks"], recipe["growth"], recipe["clamp"])
        with torch.no_grad():
            # Zero, as the paper's losses start from, hides nothing that a surrogate could learn.
            for block in self.network.blocks:
                for module in (block.phi, block.rho, block.eta):
                    module.conv5.weight.normal_(0, recipe["spread"])
        if recipe["start"]:
            self.network.load_state_dict(tensors_of(recipe["start"]))
        self.network.to(self.device)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=0, betas=(0.5, 0.999))
        self.matcher = surrogates.Matcher().to(self.device, memory_format=torch.channels_last)
        self.matching = torch.optim.Adam(self.matcher.parameters(), 1e-3)
        self.pool = [Episode(recipe, self.rng, self.device) for _ in range(recipe["pool"])]
        for episode in self.pool:
            episode.age = self.rng.randrange(episode.end)
        self.step, self.skipped = 0, 0
        self.strength, self.rights = recipe["start_strength"], []

    def draw(self, episode):
        """Covers at the trainers' scale, their secrets, one more secret per class, and labels."""
        recipe, rng = self.recipe, self.rng
        side, zoom = recipe["side"], recipe["zoom"]
        labels = [rng.randrange(recipe["classes"]) for _ in range(recipe["batch"])]
        covers = [
            window(rng.choice(self.photos), side * zoom, recipe["short"] * zoom, rng)
            for _ in labels
        ]
        secrets = [episode.secret(label, side, rng) for label in labels]
        shown = [episode.secret(label, side, rng) for label in range(recipe["classes"])]
        tensors = [torch.from_numpy(np.stack(arrays)) for arrays in (covers, secrets, shown)]
        return tuple(tensor.to(self.device) for tensor in (*tensors, torch.tensor(labels)))

    def advance(self):
        """Takes one step; returns its record, or None if it was skipped as not finite."""
        recipe = self.recipe
        place = self.step % len(self.pool)
        if self.pool[place].age >= self.pool[place].end:
            self.pool[place] = Episode(recipe, self.rng, self.device)
        episode = self.pool[place]
        covers, secrets, shown, labels = self.draw(episode)
        zoom = recipe["zoom"]
        small = F.avg_pool2d(covers, zoom) if zoom > 1 else covers
        with torch.autocast(self.device, torch.bfloat16):
            raw, change = proposed(self.network, small, secrets, recipe, self.strength)
        large = F.interpolate(change, scale_factor=zoom, mode="bilinear", align_corners=False)
        seen, gray = self.view((covers + large / 255).clamp(0, 1))
        terms, right = self._told(episode, seen, shown, labels)
        terms["excess"] = (raw / (self.strength * (recipe["bound"] or 4))).square().mean()
        if self.step >= recipe["free"]:
            terms.update(self._alike(change, labels))
        if recipe["reveal"] and self.step % REVEAL == 0:
            terms["reveal"] = self._revealed(small + change / 255, secrets)
        total = sum(recipe[name] * term for name, term in terms.items() if recipe[name])
        finite = self._optimise(episode, total)
        self.step += 1
        episode.age += 1
        self._adjust(episode.age, right)
        if not finite:
            self.skipped += 1
            return None
        return {
            **{name: term.item() for name, term in terms.items()},
            "right": right, "age": episode.age, "gray": gray, "strength": self.strength,
            "rms": change.detach().square().mean().sqrt().item(),
        }  # fmt: skip

    def _told(self, episode, seen, shown, labels):
        """The surrogate's and the matcher's losses, and the surrogate's share of right answers."""
        seen, shown = (
            (images - 0.5).contiguous(memory_format=torch.channels_last)
            for images in (seen, shown)
        )
        with torch.autocast(self.device, torch.bfloat16):
            logits = episode.model(seen).float()
            matched = self.matcher(seen, shown)
        terms = {
            "episodes": F.cross_entropy(logits, labels),
            "matching": F.cross_entropy(matched, labels),
        }
        return terms, (logits.argmax(1) == labels).float().mean().item()

    def _alike(self, change, labels):
        """What makes the changes of a class subtractable: a common part, or a tint."""
        flat = F.normalize(change.flatten(1), dim=1)
        same = (labels[:, None] == labels[None]).triu(1)
        cosines = (flat @ flat.T)[same]
        energy = change.square().mean().clamp(min=1e-4)
        return {
            "distinct": (cosines.square() - self.recipe["alike"]).clamp(min=0).sum()
            / max(1, len(cosines)),
            "even": change.mean((2, 3)).square().mean() / energy,
        }

    def _revealed(self, released, secrets):
        """Mean squared error of the secret's luminance, read back with 0.3 levels of noise."""
        noise = torch.randn(released.shape, generator=self.generator).to(self.device) * 0.3 / 255
        with torch.autocast(self.device, torch.bfloat16):
            revealed = self.network.reveal((released + noise).clamp(0, 1))
        read, wanted = (
            F.avg_pool2d(grayscale(images)[:, :1], SHRINK)
            for images in (revealed.float(), secrets)
        )
        return (read - wanted).square().mean().clamp(max=1)

    def _optimise(self, episode, total):
        rate = learning_rate(self.recipe, self.step)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        optimizers = (self.optimizer, episode.optimizer, self.matching)
        for optimizer in optimizers:
            optimizer.zero_grad(set_to_none=True)
        total.backward()
        clip = torch.nn.utils.clip_grad_norm_
        norm = clip(self.network.parameters(), self.recipe["gradient_norm"])
        if not (torch.isfinite(total) and torch.isfinite(norm)):
            return False
        for model in (episode.model, self.matcher):
            clip(model.parameters(), 5.0)
        for optimizer in optimizers:
            optimizer.step()
        return True

    def _adjust(self, age, right):
        """Weakens the change while grown surrogates tell it, and strengthens it when they do not."""
        if not GROWN < age <= OLD:
            return
        self.rights.append(right)
        if len(self.rights) < LOOK:
            return
        mean, self.rights = sum(self.rights) / LOOK, []
        if mean > self.recipe["target"]:
            self.strength = max(self.recipe["strength"], self.strength * WEAKER)
        elif mean < self.recipe["target"] - 0.2:
            self.strength = min(self.recipe["start_strength"], self.strength * STRONGER)

    def save(self, path):
        state = {
            "recipe": self.recipe, "step": self.step, "skipped": self.skipped,
            "strength": self.strength, "rights": self.rights,
            "network": self.network.state_dict(), "optimizer": self.optimizer.state_dict(),
            "matcher": self.matcher.state_dict(), "matching": self.matching.state_dict(),
            "pool": [episode.state() for episode in self.pool],
            "random": self.rng.getstate(), "generator": self.generator.get_state(),
            "torch": torch.get_rng_state(),
        }  # fmt: skip
        temporary = path.with_suffix(".partial")
        torch.save(state, temporary)
        os.replace(temporary, path)

    def restore(self, path):
        state = torch.load(path, map_location="cpu")
        if state["recipe"] != self.recipe:
            raise DataError(
                f"'{path}' was made by another recipe: name another --run folder or remove it"
            )
        for name in ("network", "optimizer", "matcher", "matching"):
            getattr(self, name).load_state_dict(state[name])
        for name in ("step", "skipped", "strength", "rights"):
            setattr(self, name, state[name])
        self.pool = [Episode.restored(self.recipe, episode, self.device) for episode in state["pool"]]
        self.rng.setstate(state["random"])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["torch"])


def summary(records):
    """One line about the last steps."""

    def mean(name, chosen=records):
        values = [record[name] for record in chosen if name in record]
        return f"{sum(values) / len(values):.3f}" if values else "-"

    young = [record for record in records if record["age"] <= GROWN]
    grown = [record for record in records if GROWN < record["age"] <= OLD]
    gray = [record for record in grown if record["gray"]]
    losses = ", ".join(
        f"{name} {mean(name)}"
        for name in ("episodes", "matching", "reveal", "distinct", "even", "excess")
    )
    return (
        f"right {mean('right', young)} young, {mean('right', grown)} grown, "
        f"{mean('right', gray)} gray; {losses}; strength {records[-1]['strength']:.2f}, rms "
        f"{mean('rms')}"
    )


def run(recipe, photos, folder, save_every=50, stop_after=math.inf, log=print):
    """Trains to the recipe's last iteration, resuming from `folder`; returns the trainer.

    After `stop_after` seconds it saves and returns early.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    trainer, checkpoint = Trainer(recipe, photos), folder / "checkpoint.pt"
    if checkpoint.exists():
        trainer.restore(checkpoint)
        log(f"resuming at iteration {trainer.step}")
    started, first, records = time.monotonic(), trainer.step, []
    with open(folder / "log.jsonl", "a", encoding="utf-8") as journal:
        while trainer.step < recipe["iterations"]:
            record = trainer.advance()
            if record is not None:
                records.append(record)
                journal.write(json.dumps({"step": trainer.step, **record}) + "\n")
            out_of_time = time.monotonic() - started > stop_after
            last = trainer.step == recipe["iterations"] or out_of_time
            if trainer.step % save_every == 0 or last:
                trainer.save(checkpoint)
                journal.flush()
                pace = (time.monotonic() - started) / (trainer.step - first)
                if records:
                    log(f"iteration {trainer.step}: {summary(records)}; {pace:.2f} s each")
                records = []
            if out_of_time:
                break
    return trainer


def main():
    command_line("Train a hiding network with surrogates.", "binding", load_recipe, run)


if __name__ == "__main__":
    main()
