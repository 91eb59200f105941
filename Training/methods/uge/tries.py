"""Fits a generator to an authorised learner, in one of four ways that were tried (`TRIES`)."""

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from ..course import Course, Learner, images_of, whole
from ..generator import Generator, excess, likeness, released
from ..shifts import Shift
from . import losses
from .subspace import View

# The starts of the networks that are not authorised.
OTHERS = 1000


@dataclass(frozen=True)
class Recipe:
    """Weights of the losses, and the turns.

    `matched` names the layers whose gradients are matched, `all` or `last`. `shortcut` weighs the
    cross-entropy of `panel` networks of other starts, which learn from the released pictures along
    the way and begin anew after `age` steps: what they learn first is not the photo. `blind` weighs
    what the authorised first layer sees of the change, `alike` how alike the changes of a class
    are. `hidden` is the rank of the subspace that the authorised view leaves out, of frequencies in
    `band`; 0: it leaves nothing out.
    """

    steps: int = 600
    batch: int = 64
    rate: float = 1e-3
    matching: float = 1.0
    matched: str = "last"
    distance: float = 0.3
    undistillation: float = 0.1
    shortcut: float = 0.0
    panel: int = 2
    age: int = 300
    blind: float = 0.0
    alike: float = 0.0
    hidden: int = 0
    band: float = 0.5
    every: int = 200
    advance: int = 20
    shape: dict = field(default_factory=dict, hash=False)


TRIES = {
    # As reconstructed from the abstract.
    "UGE 1, distance": Recipe(),
    # The others are to learn a shortcut rather than another class's features.
    "UGE 2, shortcut": Recipe(distance=0.0, matched="all", shortcut=1.0, alike=5.0),
    # The authorised first layer stays as it starts, and sees little of the change.
    "UGE 3, blind": Recipe(
        distance=0.0, undistillation=0.0, matched="all", shortcut=1.0, alike=5.0, blind=300.0
    ),
    # The authorised view leaves out the subspace that holds the change.
    "UGE 4, view": Recipe(
        matching=0.0, distance=0.0, undistillation=0.0, shortcut=1.0, alike=5.0, hidden=128
    ),
}


def view_of(recipe, side, key=0):
    """How the authorised learner sees uint8 pictures (N, side, side, 3)."""
    return View(side, recipe.hidden, key, recipe.band) if recipe.hidden else whole


def _marks(steps, count=10):
    """`count` steps from 0 to `steps`, evenly spaced in their logarithm."""
    return [0, *np.unique(np.geomspace(10, steps, count - 1).round().astype(int)).tolist()]


def _features(model, inputs):
    """Logits, and what the last linear layer gets."""
    seen = []
    handle = model.head.register_forward_pre_hook(lambda layer, given: seen.append(given[0]))
    logits = model(inputs)
    handle.remove()
    return logits, seen[0]


class Fit:
    """A generator, the authorised learner's course, and the networks of the others."""

    def __init__(self, pixels, labels, seed, recipe, learner=Learner()):
        self.recipe, self.learner = recipe, learner
        self.classes = int(labels.max()) + 1
        self.pixels = torch.from_numpy(np.ascontiguousarray(pixels))
        self.labels = torch.from_numpy(labels.astype(np.int64))
        self.random = torch.Generator().manual_seed(seed)
        torch.manual_seed(seed)
        self.network = Generator(self.classes, pixels.shape[1], **recipe.shape).to(
            memory_format=torch.channels_last
        )
        self.adam = torch.optim.Adam(self.network.parameters(), recipe.rate)
        self.seed, self.step = seed, 0
        self.view = view_of(recipe, pixels.shape[1])
        self.course = Course(learner, self.classes, len(pixels))
        self.states = self._clean_states() if recipe.matching or recipe.undistillation else []
        self.expert = self._expert() if recipe.distance or recipe.undistillation else None
        self.panel = [self._other(number) for number in range(recipe.panel)]
        self.begun = recipe.panel

    def clean(self, chosen):
        return images_of(self.pixels[chosen]), self.labels[chosen]

    @torch.no_grad()
    def protected(self, chosen):
        images, labels = self.clean(chosen)
        return self.release(images, self.network.proposal(images, labels)), labels

    def release(self, images, proposal):
        if isinstance(self.view, View):
            return self.view.released(images, proposal)
        return released(images, proposal)

    def _clean_states(self):
        """The authorised weights at log-spaced steps of training on clean pictures."""
        course = Course(self.learner, self.classes, len(self.pixels))
        states = []
        for mark in _marks(course.steps):
            course.advance(mark - course.step, self.clean)
            states.append(course.state())
        return states

    def _expert(self):
        """Another network trained on clean pictures, whose features are the common space."""
        learner = Learner(start=OTHERS + 999)
        course = Course(learner, self.classes, len(self.pixels)).finish(self.clean)
        model = course.model.eval().requires_grad_(False)
        with torch.no_grad():
            seen = [
                _features(model, self.clean(part)[0] - 0.5)[1]
                for part in torch.arange(len(self.pixels)).split(500)
            ]
        features = torch.cat(seen)
        self.centres = torch.stack(
            [features[self.labels == k].mean(0) for k in range(self.classes)]
        )
        return model

    def _other(self, number):
        learner = Learner(start=OTHERS + number)
        return Course(learner, self.classes, len(self.pixels))

    def _authorised(self):
        """The authorised network at a step drawn from its clean course or its present one."""
        place = int(torch.randint(0, len(self.states) + 1, (1,), generator=self.random))
        model = self.learner.model(self.classes)
        state = self.states[place] if place < len(self.states) else self.course.state()
        model.load_state_dict(state)
        return model.train()

    def _matched(self, model):
        if self.recipe.matched == "all":
            return [model]
        return [model.stages[-1], model.head]

    def loss(self, images, labels):
        recipe = self.recipe
        proposal = self.network.proposal(images, labels)
        noisy = self.release(images, proposal)
        shift = Shift(images.shape, self.learner.pad, self.random)
        clean, changed = shift(images) - 0.5, shift(noisy) - 0.5
        total = excess(proposal)
        if recipe.matching:
            for _ in range(2):
                model = self._authorised()
                total = total + recipe.matching / 2 * losses.gradient_matching(
                    model, self._matched(model), clean, changed, labels
                )
        if recipe.distance:
            with torch.no_grad():
                own = _features(self.expert, clean)[1]
            there = _features(self.expert, changed)[1]
            wrong = self.centres[(labels + 1) % self.classes]
            total = total + recipe.distance * losses.feature_distance(own, there, wrong)
        if recipe.undistillation:
            model = self.learner.model(self.classes)
            model.load_state_dict(self.states[-1])
            model.eval()
            total = total + recipe.undistillation * losses.undistillation(
                model(clean), model(changed), labels
            )
        if recipe.shortcut:
            for other in self.panel:
                other.model.eval()
                total = total + recipe.shortcut / len(self.panel) * F.cross_entropy(
                    other.model(changed), labels
                )
        if recipe.blind:
            stem = self.learner.model(self.classes).stem[0]
            total = total + recipe.blind * stem(noisy - images).square().mean()
        if recipe.alike:
            total = total + recipe.alike * likeness(noisy - images, labels)
        return total

    def advance(self):
        recipe = self.recipe
        chosen = torch.randint(0, len(self.pixels), (recipe.batch,), generator=self.random)
        loss = self.loss(*self.clean(chosen))
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        self.adam.step()
        if recipe.shortcut:
            for place, other in enumerate(self.panel):
                other.advance(2, self.protected)
                if other.step >= recipe.age * (place + 1):
                    self.panel[place] = self._other(self.begun)
                    self.begun += 1
        self.step += 1
        if recipe.matching and self.step % recipe.every == 0:
            self.course.advance(recipe.advance, self.protected)
        return loss.item()

    @torch.no_grad()
    def released(self, pixels, labels):
        """uint8 pictures (N, H, W, 3) of the generator."""
        made = []
        for part in torch.arange(len(pixels)).split(250):
            images = images_of(pixels[part.numpy()])
            own = torch.from_numpy(labels[part.numpy()].astype(np.int64))
            noisy = self.release(images, self.network.proposal(images, own))
            made.append((noisy * 255).round())
        return torch.cat(made).permute(0, 2, 3, 1).to(torch.uint8).numpy()


def fit(pixels, labels, seed, recipe, learner=Learner(), log=None):
    """A `Fit` after all steps of the recipe."""
    made = Fit(pixels, labels, seed, recipe, learner)
    while made.step < recipe.steps:
        loss = made.advance()
        if log and made.step % 50 == 0:
            log(f"step {made.step} of {recipe.steps}: loss {loss:.3f}")
    return made
