"""Episodes: a fresh surrogate, ten classes with their collages, and an end.

A hiding network that learns with many of them hides secrets in the form that networks learn first,
whatever the secrets are.
"""

import torch

from . import surrogates
from .collage import collage

BITS = 1 << 64


class Episode:
    """One surrogate and its classes; `age` counts its steps."""

    def __init__(self, recipe, rng, device="cpu"):
        self.kind = rng.choice(sorted(surrogates.KINDS[recipe["surrogates"]]))
        self.family, self.first = rng.randrange(BITS), rng.randrange(1000)
        self.textures = [rng.randrange(BITS) for _ in range(recipe["classes"])]
        mean = recipe["episode"]
        self.age, self.end = 0, rng.randint(mean // 2, mean * 3 // 2)
        self._build(recipe, device)

    def _build(self, recipe, device):
        make = surrogates.KINDS[recipe["surrogates"]][self.kind]
        self.model = make(recipe["classes"]).to(device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.Adam(self.model.parameters(), recipe["surrogate_rate"])
        side = 2 * recipe["side"] + 32
        self.pictures = [
            collage(self.family, self.first + label, texture, side, side)
            for label, texture in enumerate(self.textures)
        ]

    def secret(self, label, side, rng):
        """A window (3, side, side) of the class's collage, wherever."""
        picture = self.pictures[label]
        top, left = (rng.randrange(picture.shape[1] - side + 1) for _ in range(2))
        return picture[:, top : top + side, left : left + side]

    def state(self):
        """Everything needed to go on."""
        facts = ("kind", "family", "first", "textures", "age", "end")
        return {
            **{name: getattr(self, name) for name in facts},
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
        }

    @classmethod
    def restored(cls, recipe, state, device="cpu"):
        """An episode from its `state`."""
        episode = cls.__new__(cls)
        for name in ("kind", "family", "first", "textures", "age", "end"):
            setattr(episode, name, state[name])
        episode._build(recipe, device)
        episode.model.load_state_dict(state["model"])
        episode.optimizer.load_state_dict(state["optimizer"])
        return episode
