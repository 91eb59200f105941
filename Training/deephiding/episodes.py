"""Episodes: fresh surrogates of every kind, some classes with their collages, and an end.

A hiding network that learns with many of them hides secrets in the form that networks learn first,
whatever the secrets are.
"""

import torch
from torch import nn

from . import surrogates
from .collage import collage
from .peaks import Spectra

BITS = 1 << 64
# Luminance, red against green, and blue against both, of red, green and blue. Photos hold little of
# the latter two, which are enlarged.
OPPONENT = ((0.3, 0.6, 0.1), (2.0, -2.0, 0.0), (-1.0, -1.0, 2.0))


class Panel:
    """Surrogates of every kind that learn the same classes side by side; `age` counts their steps.

    They also learn from released windows of earlier steps: that costs little beside the hiding
    network's own step, and a surrogate that has learnt longer feels weaker changes. Half of the
    panels see opponent colours: these learn differences of colour sooner.
    """

    def __init__(self, recipe, opponent, device):
        self.opponent = torch.tensor(OPPONENT, device=device) if opponent else None
        self.kept, self.replays = recipe["kept"], recipe["replays"]
        kinds = sorted(surrogates.KINDS[recipe["surrogates"]].items())
        self.models = [
            make(recipe["classes"]).to(device, memory_format=torch.channels_last)
            for _, make in kinds
        ]
        self.optimizers = [
            torch.optim.Adam(model.parameters(), recipe["surrogate_rate"]) for model in self.models
        ]
        self.seen, self.age = [], 0

    def logits(self, windows):
        """Every surrogate's logits of windows (N, 3, H, W), (surrogates, N, classes)."""
        if self.opponent is not None:
            windows = torch.einsum("ij,njhw->nihw", self.opponent, windows).contiguous(
                memory_format=torch.channels_last
            )
        with torch.autocast(windows.device.type, torch.bfloat16):
            return torch.stack([model(windows).float() for model in self.models])

    def learn(self):
        """Takes a step by the gradients at hand."""
        for model, optimizer in zip(self.models, self.optimizers):
            nn.utils.clip_grad_norm_(model.parameters(), 5.0)
            optimizer.step()
        self.age += 1

    def remember(self, windows, labels, rng):
        """Keeps the windows of a step, and learns from earlier ones."""
        for _ in range(self.replays if self.seen else 0):
            earlier, theirs = rng.choice(self.seen)
            for optimizer in self.optimizers:
                optimizer.zero_grad(set_to_none=True)
            told(self.logits(earlier), theirs).backward()
            self.learn()
        self.seen = [*self.seen, (windows.detach(), labels)][-self.kept :]

    def state(self):
        return {
            "models": [model.state_dict() for model in self.models],
            "optimizers": [optimizer.state_dict() for optimizer in self.optimizers],
            "seen": self.seen, "age": self.age,
        }  # fmt: skip

    def restore(self, state):
        for part, saved in zip(
            self.models + self.optimizers, state["models"] + state["optimizers"]
        ):
            part.load_state_dict(saved)
        self.seen, self.age = state["seen"], state["age"]


def told(logits, labels):
    """Mean cross-entropy of the logits (surrogates, N, classes)."""
    return nn.functional.cross_entropy(logits.flatten(0, 1), labels.repeat(len(logits)))


class Episode:
    """A panel and the classes it learns; it ends when the panel is of age."""

    def __init__(self, recipe, rng, device="cpu"):
        self.family, self.first = rng.randrange(BITS), rng.randrange(1000)
        self.textures = [rng.randrange(BITS) for _ in range(recipe["classes"])]
        self.opponent = rng.random() < 0.5
        mean = recipe["episode"]
        self.end = rng.randint(mean // 2, mean * 3 // 2)
        self.spectra = Spectra()
        self._build(recipe, device)

    def _build(self, recipe, device):
        self.panel = Panel(recipe, self.opponent, device)
        side = 2 * recipe["side"] + 32
        self.pictures = [
            collage(self.family, self.first + label, texture, side, side)
            for label, texture in enumerate(self.textures)
        ]

    @property
    def over(self):
        return self.panel.age >= self.end

    def secret(self, label, side, rng):
        """A window (3, side, side) of the class's collage, wherever."""
        picture = self.pictures[label]
        top, left = (rng.randrange(picture.shape[1] - side + 1) for _ in range(2))
        return picture[:, top : top + side, left : left + side]

    def state(self):
        """Everything needed to go on."""
        facts = ("family", "first", "textures", "opponent", "end")
        return {
            **{name: getattr(self, name) for name in facts},
            "panel": self.panel.state(), "power": self.spectra.power,
        }  # fmt: skip

    @classmethod
    def restored(cls, recipe, state, device="cpu"):
        """An episode from its `state`."""
        episode = cls.__new__(cls)
        for name in ("family", "first", "textures", "opponent", "end"):
            setattr(episode, name, state[name])
        episode.spectra = Spectra(state["power"])
        episode._build(recipe, device)
        episode.panel.restore(state["panel"])
        return episode
