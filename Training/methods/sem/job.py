"""`palimpsest fit sem`: the surrogate of a set, to a weights file, in a job that can be resumed."""

from dataclasses import asdict, replace

import torch

from ..course import Learner, whole
from .noise import CPU, Fit
from .weights import save


class Job:
    """Fits a surrogate to a `LabelledSet`."""

    method = "sem"
    # Which measurement protection makes smaller than which.
    against = ("originals", "protected")

    def __init__(self, found, seed, steps=None):
        # The recipe is for 32 pixels; larger pictures are shifted by the same share.
        self.recipe = replace(CPU, pad=max(1, found.side // 8))
        if steps:
            self.recipe = replace(self.recipe, steps=steps, decay=max(1, steps * 2 // 5))
        self.found, self.seed = found, seed
        self.fit = Fit(found.pixels, found.labels, seed, self.recipe)

    @property
    def steps(self):
        return self.recipe.steps

    @property
    def step(self):
        return self.fit.step

    def advance(self):
        """One step; its loss."""
        return self.fit.advance()

    def identity(self):
        return {"method": self.method, "seed": self.seed, **asdict(self.recipe)}

    def state(self):
        fit = self.fit
        return {
            "model": fit.model.state_dict(), "optimizer": fit.optimizer.state_dict(),
            "noise": fit.noise, "step": fit.step, "order": fit.order,
            "generator": fit.generator.get_state(), "random": torch.get_rng_state(),
        }  # fmt: skip

    def restore(self, state):
        fit = self.fit
        fit.model.load_state_dict(state["model"])
        fit.optimizer.load_state_dict(state["optimizer"])
        fit.noise, fit.step, fit.order = state["noise"], state["step"], state["order"]
        fit.generator.set_state(state["generator"])
        torch.set_rng_state(state["random"])

    def courses(self):
        """{what: pictures, learner, its view}: what `fit` measures."""
        return {
            "originals": (self.found.pixels, Learner(), whole),
            "protected": (self.fit.released(), Learner(), whole),
        }

    def told(self, protection):
        """What was measured, in a sentence."""
        return (
            f"a network tells {protection['originals']} % of new pictures when it learns from the "
            f"originals, {protection['protected']} % from the protected ones; guessing reaches "
            f"{protection['chance']} %"
        )

    def use(self, path):
        """How to protect with the file."""
        return f"palimpsest protect IN --out DIR --weights {path}"

    def save(self, path, protection):
        """Writes the file; what else was written, by what it is: nothing."""
        save(
            path, self.fit.model, self.recipe, self.found.side, self.found.names,
            self.identity(), protection,
        )  # fmt: skip
        return {}
