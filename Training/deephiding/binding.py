"""Trains a hiding network so that whoever learns from protected pictures learns the secrets.

The steps alternate between the recipe's `courses`, such as small pictures within a bound and photos
within the perceptual budget.
"""

import json
import math
import os
import time
from pathlib import Path

import torch

from . import courses, weights
from .data import DataError
from .network import HidingNetwork
from .train import command_line, learning_rate, merged

DEFAULTS = {
    # The network: the change is `gain` times what it proposes. `start` names a checkpoint or a
    # weights file to begin with, from the recipe's folder.
    "blocks": 3, "growth": 24, "clamp": 2.0, "gain": 0.5, "spread": 0.01, "start": "",
    # By name, each as in `courses.DEFAULTS`.
    "courses": {"photos": {}},
    "exclude": ["kodak24"],
    "iterations": 8000, "learning_rate": 1e-3, "final_learning_rate": 5e-5, "warmup": 50,
    "gradient_norm": 1.0, "seed": 1,
}  # fmt: skip


def load_recipe(path):
    """The recipe in `path` merged over the defaults; unknown names are refused."""
    recipe = merged(path, DEFAULTS)
    for name, course in recipe["courses"].items():
        if unknown := set(course) - set(courses.DEFAULTS):
            raise DataError(
                f"'{path}' names unknown settings of '{name}': {', '.join(sorted(unknown))}"
            )
    if recipe["start"]:
        recipe["start"] = str(Path(path).parent / recipe["start"])
    return whole(recipe)


def whole(recipe):
    """The recipe with every course merged over the courses' defaults."""
    named = {
        name: {**courses.DEFAULTS, **course} for name, course in recipe["courses"].items()
    }
    return {**recipe, "courses": named}


def tensors_of(path):
    """The network's tensors in a checkpoint or a weights file."""
    if Path(path).suffix == ".safetensors":
        return weights.load(path)[0].state_dict()
    return torch.load(path, map_location="cpu")["network"]


class Trainer:
    """One run: network, optimiser and courses, saved and restored together."""

    def __init__(self, recipe, photos):
        self.recipe, self.photos = recipe, photos
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(recipe["seed"])
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
        self.courses = {
            name: courses.Course(course, recipe["gain"], recipe["seed"] + number, self.device)
            for number, (name, course) in enumerate(recipe["courses"].items())
        }
        self.step, self.skipped = 0, 0

    def advance(self):
        """Takes one step; returns its record, or None if it was skipped as not finite."""
        name = list(self.courses)[self.step % len(self.courses)]
        course = self.courses[name]
        total, record, batch = course.propose(self.network, self.photos)
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.recipe, self.step)
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(
            self.network.parameters(), self.recipe["gradient_norm"]
        )
        self.step += 1
        course.step += 1
        if not (torch.isfinite(total) and torch.isfinite(norm)):
            self.skipped += 1
            return None
        self.optimizer.step()
        course.learn(record, batch)
        return {"course": name, **record}

    def save(self, path):
        state = {
            "recipe": self.recipe, "step": self.step, "skipped": self.skipped,
            "network": self.network.state_dict(), "optimizer": self.optimizer.state_dict(),
            "courses": {name: course.state() for name, course in self.courses.items()},
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
        for name in ("network", "optimizer"):
            getattr(self, name).load_state_dict(state[name])
        self.step, self.skipped = state["step"], state["skipped"]
        for name, course in self.courses.items():
            course.restore(state["courses"][name])
        torch.set_rng_state(state["torch"])


def summary(records, course):
    """One line about a course's last steps."""

    def mean(name, chosen=records):
        values = [record[name] for record in chosen if name in record]
        return f"{sum(values) / len(values):.3f}" if values else "-"

    young = [record for record in records if record["age"] < course.recipe["grown"][0]]
    grown = [record for record in records if course.is_grown(record["age"])]
    gray = [record for record in grown if record["gray"]]
    losses = ", ".join(
        f"{name} {mean(name)}" for name in ("episodes", "matching", "distinct", "even", "excess")
    )
    return (
        f"right {mean('right', young)} young, {mean('right', grown)} grown, "
        f"{mean('right', gray)} gray; {losses}; strength {course.strength:.2f}, rms {mean('rms')}"
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
                log(f"iteration {trainer.step}, {pace:.2f} s each, {trainer.skipped} skipped")
                for name, course in trainer.courses.items():
                    chosen = [record for record in records if record["course"] == name]
                    if chosen:
                        log(f"  {name}: {summary(chosen, course)}")
                records = []
            if out_of_time:
                break
    return trainer


def main():
    command_line("Train a hiding network with surrogates.", "binding", load_recipe, run)


if __name__ == "__main__":
    main()
