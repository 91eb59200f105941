"""`palimpsest fit uge`: draws a field of colours, and measures what a licence is worth on a set."""

import secrets
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import torch

from ..course import whole
from ..product import protect
from . import licence, weights
from .field import TILES, TILT, View, drawn


class Job:
    """A field, a licence for a learner, and the model that protects with both.

    Nothing is learnt: the network is deep hiding's as it ships. `seed` None draws the field from
    the system's random numbers; whoever knows the seed knows the field.
    """

    method = "uge"
    against = ("licensed", "unlicensed")
    steps = step = 0

    def __init__(self, found, seed, learner, binary, base):
        """`base` is what `weights.hiding` gives."""
        self.found, self.learner, self.binary, self.base = found, learner, binary, base
        self.seed = secrets.randbits(128) if seed is None else seed
        self.field = drawn(np.random.default_rng(self.seed))

    def identity(self):
        """What the weights file may tell of the recipe: not the seed."""
        return {
            "method": self.method, "tiles": TILES, "tilt": TILT, "learner": asdict(self.learner)
        }  # fmt: skip

    def courses(self):
        """{what: pictures, learner, its view}: what `fit` measures."""
        released = self.released()
        other = replace(self.learner, start=self.learner.start + 1)
        return {
            "originals": (self.found.pixels, self.learner, whole),
            "licensed": (released, self.learner, View(self.field)),
            "unlicensed": (released, other, whole),
        }

    def told(self, protection):
        return (
            f"learning from the protected pictures, the licensed learner tells "
            f"{protection['licensed']} % of new ones, another {protection['unlicensed']} %; from "
            f"the originals it tells {protection['originals']} %, and guessing reaches "
            f"{protection['chance']} %"
        )

    def released(self):
        """The set's pictures as the product protects them."""
        found = self.found
        with tempfile.TemporaryDirectory(prefix="palimpsest-uge-") as folder:
            model = Path(folder) / "uge.safetensors"
            self._write(model, None)
            options = ("--mode", "sample-wise", "--mask", "none", "--quiet")
            return protect(self.binary, model, found.pixels, found.labels, found.names, options)

    def use(self, path):
        """How to protect with the file."""
        return f"palimpsest protect IN --out DIR --weights {path} --mask none"

    def save(self, path, protection):
        """Writes the model, and the licence beside it; the latter's path, by what it is."""
        digest = self._write(path, protection)
        start = licence.start_sha256(self.learner, len(self.found.names))
        made = licence.Licence(self.learner, self.field, start, digest)
        beside = licence.licence_path(path)
        made.write(beside)
        return {"licence": str(beside)}

    def _write(self, path, protection):
        return weights.write(
            path, self.base, torch.from_numpy(self.field), self.identity(), protection
        )
