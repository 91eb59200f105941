"""A course: pictures of one scale, the limit of their change, and the surrogates that learn them.

The hiding network and the surrogates lower the same loss: which collage is hidden in a window of a
cover that itself tells nothing. It is error minimisation (Huang et al. 2021) by a generator that
has to serve every set of secrets and every fresh network. A `Matcher` that is kept through all
episodes gives the gradient that young surrogates do not have yet. The change is weakened as long
as surrogates learn it.
"""

import random

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

from . import budget, peaks, surrogates
from .episodes import Episode, told
from .view import View

DEFAULTS = {
    # Levels that bound the change, or 0 for the perceptual budget.
    "bound": 0,
    # Windows of photos: their side in pixels, that of the whole photo's short side, the side of
    # what a surrogate sees, and the share of a window's side that a crop takes.
    "side": 64, "short": 256, "input": 64, "crops": [0.4, 0.98],
    "batch": 32, "classes": 10,
    # Surrogates: kinds, learning rate, the steps that an episode takes on average, episodes at a
    # time, steps from earlier windows for each of the hiding network's, and how many of them stay.
    "surrogates": "photos", "surrogate_rate": 2e-3, "episode": 500, "pool": 3,
    "replays": 3, "kept": 8,
    # Surrogates count towards the strength between these ages: younger ones know nothing yet, older
    # ones have learnt what was stronger then.
    "grown": [120, 400],
    # The factor of the bound or budget: at the start, the least, and the accuracy of surrogates
    # above which it falls.
    "start_strength": 3.0, "strength": 0.5, "target": 0.42,
    # A panel begins with `ease` times more, at most `start_strength`, and has the plain strength
    # when it is grown: what it learnt by then it goes on to tell.
    "ease": 0.0,
    # What trainers do to pictures.
    "gray": 0.0, "jpeg": 0.2, "qualities": [40, 95], "band": 0.2, "rescale": 0.1, "noise": 1.5,
    # How often, and how many of each class's waves they project out in each channel.
    "peaks": 0.0, "waves": [1, 4],
    # Weights of the losses. The changes of a class must be alike no more than a squared cosine of
    # `alike`, and have no tint, from the course's step `free` on.
    "episodes": 1.0, "matching": 0.3, "excess": 0.003, "distinct": 2.0, "alike": 0.12, "even": 1.0,
    "free": 0,
}  # fmt: skip
# Answers between two looks at the accuracy, and the factors.
LOOK, WEAKER, STRONGER = 20, 0.97, 1.04
# The factor where the accuracy is more than EASY above the target.
MUCH_WEAKER, EASY = 0.95, 0.1
# Levels of a change within the budget beyond which it counts as excess.
IN_BUDGET = 4


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


def proposed(network, cover, secret, gain, bound, strength=1.0):
    """The change (N, 3, H, W) in levels before and after its bound, or budget if that is 0."""
    changed, _ = network.hide(cover, secret)
    raw = 255 * gain * (changed.float() - cover)
    if bound:
        return raw, budget.bound_softly(raw, strength * bound)
    return raw, 255 * budget.limited(raw / 255, cover, strength=strength)


class Course:
    """The state of one course: its surrogates, matcher and strength, and its random draws."""

    def __init__(self, recipe, gain, seed, device):
        self.recipe, self.gain, self.device = recipe, gain, device
        self.rng = random.Random(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.view = View(recipe, self.rng, self.generator)
        self.matcher = surrogates.Matcher().to(device, memory_format=torch.channels_last)
        self.matching = torch.optim.Adam(self.matcher.parameters(), 1e-3)
        self.pool = [Episode(recipe, self.rng, device) for _ in range(recipe["pool"])]
        for episode in self.pool:
            episode.end = self.rng.randrange(1, episode.end)
        self.step, self.strength, self.rights = 0, recipe["start_strength"], []

    def draw(self, episode, photos):
        """Covers, their secrets, one more secret per class, and labels."""
        recipe, rng = self.recipe, self.rng
        side = recipe["side"]
        labels = [rng.randrange(recipe["classes"]) for _ in range(recipe["batch"])]
        covers = [window(rng.choice(photos), side, recipe["short"], rng) for _ in labels]
        secrets = [episode.secret(label, side, rng) for label in labels]
        shown = [episode.secret(label, side, rng) for label in range(recipe["classes"])]
        tensors = [torch.from_numpy(np.stack(arrays)) for arrays in (covers, secrets, shown)]
        return tuple(tensor.to(self.device) for tensor in (*tensors, torch.tensor(labels)))

    def propose(self, network, photos):
        """One batch hidden by the network: the weighted loss, and what `learn` needs."""
        recipe = self.recipe
        place = self.step % len(self.pool)
        if self.pool[place].over:
            self.pool[place] = Episode(recipe, self.rng, self.device)
        episode = self.pool[place]
        covers, secrets, shown, labels = self.draw(episode, photos)
        strength = self.strength_at(episode.panel.age)
        with torch.autocast(self.device, torch.bfloat16):
            raw, change = proposed(network, covers, secrets, self.gain, recipe["bound"], strength)
        seen, gray = self.view(self.released(episode, covers, change, labels))
        windows, shown = (
            (images - 0.5).contiguous(memory_format=torch.channels_last) for images in (seen, shown)
        )
        logits = episode.panel.logits(windows)
        with torch.autocast(self.device, torch.bfloat16):
            matched = self.matcher(windows, shown)
        terms = {
            "episodes": told(logits, labels),
            "matching": F.cross_entropy(matched, labels),
            "excess": (raw / (strength * (recipe["bound"] or IN_BUDGET))).square().mean(),
        }
        if self.step >= recipe["free"]:
            terms.update(self.alike(change, labels))
        for optimizer in (*episode.panel.optimizers, self.matching):
            optimizer.zero_grad(set_to_none=True)
        total = sum(recipe[name] * term for name, term in terms.items())
        record = {
            **{name: term.item() for name, term in terms.items()},
            "right": (logits.argmax(2) == labels).float().mean().item(),
            "age": episode.panel.age, "gray": gray, "strength": strength,
            "rms": change.detach().square().mean().sqrt().item(),
        }  # fmt: skip
        return total, record, (episode, windows, labels)

    def released(self, episode, covers, change, labels):
        """The changed covers, at times without the waves that stand out of the classes' spectra."""
        images = (covers + change / 255).clamp(0, 1)
        if not self.recipe["peaks"]:
            return images
        episode.spectra.add(change.detach(), labels, self.recipe["classes"])
        if self.rng.random() >= self.recipe["peaks"]:
            return images
        return peaks.without(images, episode.spectra.kept(self.rng.randint(*self.recipe["waves"])))

    def alike(self, change, labels):
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

    def learn(self, record, batch):
        """After the loss's `backward`: matcher and surrogates take their steps."""
        episode, windows, labels = batch
        torch.nn.utils.clip_grad_norm_(self.matcher.parameters(), 5.0)
        self.matching.step()
        episode.panel.learn()
        episode.panel.remember(windows, labels, self.rng)
        self.adjust(record["age"], record["right"])

    def is_grown(self, age):
        """Whether surrogates of this age count towards the strength."""
        youngest, oldest = self.recipe["grown"]
        return youngest <= age < oldest

    def strength_at(self, age):
        """The strength that a panel of this age sees."""
        young = max(0, 1 - age / self.recipe["grown"][0])
        eased = self.strength * (1 + self.recipe["ease"] * young)
        return min(eased, self.recipe["start_strength"])

    def adjust(self, age, right):
        """Weakens the change while grown surrogates tell it, and strengthens it when they do not."""
        if not self.is_grown(age):
            return
        self.rights.append(right)
        if len(self.rights) < LOOK:
            return
        mean, self.rights = sum(self.rights) / LOOK, []
        if mean > self.recipe["target"]:
            factor = MUCH_WEAKER if mean > self.recipe["target"] + EASY else WEAKER
            self.strength = max(self.recipe["strength"], self.strength * factor)
        elif mean < self.recipe["target"] - 0.2:
            self.strength = min(self.recipe["start_strength"], self.strength * STRONGER)

    def state(self):
        """Everything needed to go on."""
        return {
            "step": self.step, "strength": self.strength, "rights": self.rights,
            "matcher": self.matcher.state_dict(), "matching": self.matching.state_dict(),
            "pool": [episode.state() for episode in self.pool],
            "random": self.rng.getstate(), "generator": self.generator.get_state(),
        }  # fmt: skip

    def restore(self, state):
        for name in ("matcher", "matching"):
            getattr(self, name).load_state_dict(state[name])
        for name in ("step", "strength", "rights"):
            setattr(self, name, state[name])
        self.pool = [Episode.restored(self.recipe, episode, self.device) for episode in state["pool"]]
        self.rng.setstate(state["random"])
        self.generator.set_state(state["generator"])
