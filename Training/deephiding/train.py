"""Trains a hiding network from a recipe (a JSON file); keeps a checkpoint to resume from."""

import argparse
import json
import math
import os
import sys
import time
from pathlib import Path

import torch

from . import losses
from .attacks import AttackLayer, grayscale, release
from .data import BatchSource, DataError, load_photos
from .network import HidingNetwork

DEFAULTS = {
    "blocks": 2,
    "growth": 32,
    "clamp": 2.0,
    "epsilon": 8,
    "budget": 1.0,
    "start_epsilon": 8,
    "ramp": 0,
    "attack_ramp": 0,
    "iterations": 1500,
    "learning_rate": 3e-4,
    "final_learning_rate": 3e-5,
    "warmup": 50,
    "gradient_norm": 1.0,
    "classes": 8,
    "images": 2,
    "sizes": {"32": 1.0},
    "photo_secrets": 0.0,
    "exclude": ["kodak24"],
    "attacks": {"rescale": 1.0},
    "attack_ranges": {},
    "gray_probability": 0.0,
    "noise": 2.0,
    "weights": {
        "hiding": 1.0,
        "low_frequency": 0.0,
        "high_frequency": 0.0,
        "reveal": 1.0,
        "alignment": 0.0,
        "concentration": 0.0,
    },
    "seed": 1,
}


def merged(path, defaults):
    """The recipe in `path` merged over the defaults; unknown names are refused."""
    recipe = json.loads(Path(path).read_text())
    unknown = set(recipe) - set(defaults) - {"note"}
    if unknown:
        raise DataError(f"'{path}' names unknown settings: {', '.join(sorted(unknown))}")
    return {**defaults, **{k: v for k, v in recipe.items() if k != "note"}}


def load_recipe(path):
    """The recipe in `path` merged over the defaults, its weights over the default ones."""
    recipe = merged(path, DEFAULTS)
    return {**recipe, "weights": {**DEFAULTS["weights"], **recipe["weights"]}}


def learning_rate(recipe, step):
    """Linear warm-up, then a cosine decay from `learning_rate` to `final_learning_rate`."""
    if step < recipe["warmup"]:
        return recipe["learning_rate"] * (step + 1) / recipe["warmup"]
    progress = (step - recipe["warmup"]) / max(1, recipe["iterations"] - recipe["warmup"])
    low, high = recipe["final_learning_rate"], recipe["learning_rate"]
    return low + (high - low) * (1 + math.cos(math.pi * min(1.0, progress))) / 2


def difficulty(ramp, step):
    """Progress of the curriculum, 0 to 1; after `ramp` steps it has reached full difficulty."""
    return 1.0 if step >= ramp else step / ramp


class Trainer:
    """One run: network, optimiser, batch source and attack layer, saved and restored together."""

    def __init__(self, recipe, photos, device):
        self.recipe, self.device = recipe, device
        torch.manual_seed(recipe["seed"])
        self.network = HidingNetwork(recipe["blocks"], recipe["growth"], recipe["clamp"]).to(device)
        self.optimizer = torch.optim.Adam(
            self.network.parameters(), lr=0, betas=(0.5, 0.999), eps=1e-6
        )
        self.generator = torch.Generator().manual_seed(recipe["seed"] + 1)
        self.attack = AttackLayer(
            recipe["attacks"],
            self.generator,
            gray_probability=recipe["gray_probability"],
            noise=recipe["noise"],
            **{k: tuple(v) for k, v in recipe["attack_ranges"].items()},
        )
        self.batches = BatchSource(
            photos,
            recipe["classes"],
            recipe["images"],
            recipe["sizes"],
            recipe["photo_secrets"],
            recipe["seed"] + 2,
        )
        self.features = losses.RandomFeatures().to(device)
        self.step, self.skipped = 0, 0

    def advance(self):
        """Takes one optimiser step; returns its log entry, or None if it was skipped.

        Non-finite steps are skipped.
        """
        recipe = self.recipe
        hard = difficulty(recipe["ramp"], self.step)
        epsilon = (hard * recipe["epsilon"] + (1 - hard) * recipe["start_epsilon"]) / 255
        cover, secret, labels = (t.to(self.device) for t in self.batches.draw())
        protected, _ = self.network.hide(cover, secret)
        released = release(cover, protected, epsilon)
        attacked, lost_colour = self.attack(released, difficulty(recipe["attack_ramp"], self.step))
        revealed = self.network.reveal(attacked)
        wanted = grayscale(secret) if lost_colour else secret
        if lost_colour:
            revealed = grayscale(revealed)
        terms = {
            "hiding": losses.hiding(protected, cover, recipe["budget"] * epsilon),
            "reveal": (revealed - wanted).square().mean(),
        }
        for name in ("low_frequency", "high_frequency"):
            if recipe["weights"][name]:
                terms[name] = getattr(losses, name)(protected, cover)
        if recipe["weights"]["alignment"]:
            terms["alignment"] = losses.alignment(released - cover, secret)
        if recipe["weights"]["concentration"]:
            terms["concentration"] = losses.concentration(
                self.features((protected - cover) / epsilon), labels
            )
        total = sum(recipe["weights"][name] * term for name, term in terms.items())
        self.step += 1
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(recipe, self.step - 1)
        self.optimizer.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), recipe["gradient_norm"])
        if not (torch.isfinite(total) and torch.isfinite(norm)):
            self.skipped += 1
            return None
        self.optimizer.step()
        record = {name: term.item() for name, term in terms.items()}
        record["psnr"] = -10 * math.log10((released - cover).square().mean().item() + 1e-12)
        record["gradient_norm"], record["size"] = norm.item(), cover.shape[-1]
        return record

    def save(self, path):
        state = {
            "recipe": self.recipe,
            "network": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "generator": self.generator.get_state(),
            "torch": torch.get_rng_state(),
            "batches": self.batches.state(),
            "step": self.step,
            "skipped": self.skipped,
        }
        temporary = path.with_suffix(".partial")
        torch.save(state, temporary)
        os.replace(temporary, path)

    def restore(self, path):
        state = torch.load(path, map_location="cpu")
        if state["recipe"] != self.recipe:
            raise DataError(
                f"'{path}' was made by another recipe: name another --run folder or remove it"
            )
        self.network.load_state_dict(state["network"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.generator.set_state(state["generator"])
        torch.set_rng_state(state["torch"])
        self.batches.restore(state["batches"])
        self.step, self.skipped = state["step"], state["skipped"]


def run(recipe, photos, folder, save_every=100, stop_after=math.inf, log=print):
    """Trains to the recipe's last iteration, resuming from `folder`; returns the trainer.

    After `stop_after` seconds it saves and returns early, so hitting a time limit loses nothing.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    trainer, checkpoint = Trainer(recipe, photos, device), folder / "checkpoint.pt"
    if checkpoint.exists():
        trainer.restore(checkpoint)
        log(f"resuming at iteration {trainer.step}")
    started, first = time.monotonic(), trainer.step
    with open(folder / "log.jsonl", "a", encoding="utf-8") as journal:
        while trainer.step < recipe["iterations"]:
            record = trainer.advance()
            if record is not None:
                journal.write(
                    json.dumps(
                        {"step": trainer.step, **{k: round(v, 7) for k, v in record.items()}}
                    )
                    + "\n"
                )
            out_of_time = time.monotonic() - started > stop_after
            if (
                trainer.step % save_every == 0
                or trainer.step == recipe["iterations"]
                or out_of_time
            ):
                trainer.save(checkpoint)
                journal.flush()
                pace = (time.monotonic() - started) / (trainer.step - first)
                shown = {k: f"{v:.4g}" for k, v in (record or {}).items()}
                log(
                    f"iteration {trainer.step}: {shown} {pace:.2f} s each, {trainer.skipped} "
                    "skipped"
                )
            if out_of_time:
                break
    return trainer


def command_line(description, name, load, run):
    """The command of a trainer: `load` reads its recipe, `run` trains."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--recipe", required=True, help="JSON file with the training configuration")
    parser.add_argument("--data", required=True, help="folder or tar of photos")
    parser.add_argument("--run", required=True, help="folder for the checkpoint and the run log")
    parser.add_argument(
        "--threads", type=int, default=0, help="CPU threads (default: PyTorch's choice)"
    )
    parser.add_argument(
        "--stop-after", type=float, default=math.inf, help="seconds after which to save and stop"
    )
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    try:
        recipe = load(arguments.recipe)
        photos = load_photos(arguments.data, recipe["exclude"])
        run(recipe, photos, arguments.run, stop_after=arguments.stop_after)
    except (DataError, OSError, json.JSONDecodeError) as error:
        sys.exit(f"{name}: {error}")


def main():
    command_line("Train a hiding network.", "train", load_recipe, run)


if __name__ == "__main__":
    main()
