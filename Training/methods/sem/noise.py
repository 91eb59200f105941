"""The reference: a surrogate trained adversarially, and noise that is stable under a perturbation.

min over theta of the adversarial loss on x + delta, alternating with signed descent on delta of
E CE(f(T(x + delta) + e), y), where T mirrors and shifts. What e is makes the method: random for
SEM, PGD's ascent for REM (Fu et al., ICLR 2022), nothing for EM (Huang et al., ICLR 2021), whose
surrogate is trained without an adversary as well.
"""

from dataclasses import dataclass, replace

import learners
import numpy as np
import torch
from learners import adversary
from torch.nn import functional as F

from ..precision import fast
from ..shifts import Shift

EPSILON = 8
NOTHING, RANDOM, ADVERSARY = "nothing", "random", "adversary"


@dataclass(frozen=True)
class Recipe:
    """The surrogate, and the steps of both sides; the defaults are the SEM authors' for CIFAR.

    `against` is what the noise must stand, within `radius`, which is also that of the adversary
    from which the surrogate learns (0: it learns without one). `draws` of T and the perturbation
    are averaged in each of `noise_steps`, which together are twice the bound long. What is released
    takes `final_steps` and `final_draws`. `decay` divides the surrogate's rate by ten after so many
    steps.
    """

    learner: str = "ResNet-18"
    steps: int = 5000
    batch: int = 128
    rate: float = 0.1
    decay: int = 2000
    against: str = RANDOM
    radius: float = 4 / 255
    noise_steps: int = 10
    draws: int = 5
    final_steps: int = 10
    final_draws: int = 5
    attack_steps: int = 10
    pad: int = 4


PAPER = Recipe()
# For two cores: a narrow network, and on the way one draw and fewer, larger steps.
CPU = Recipe("narrow", steps=1500, batch=64, decay=600, noise_steps=5, draws=1, attack_steps=5)


def robust(recipe):
    """The same recipe for REM: the noise stands PGD's ascent."""
    return replace(recipe, against=ADVERSARY)


def plain(recipe):
    """The same recipe for EM: neither side meets a perturbation."""
    return replace(recipe, against=NOTHING, radius=0.0)


class Fit:
    """A surrogate and the noise of every picture, trained in turns on uint8 pictures and labels."""

    def __init__(self, pixels, labels, seed, recipe):
        self.recipe = recipe
        self.device = "cuda" if torch.cuda.is_available() else "cpu"
        torch.manual_seed(seed)
        self.generator = torch.Generator().manual_seed(seed)
        self.pixels = torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device)
        self.labels = torch.from_numpy(labels.astype(np.int64)).to(self.device)
        self.noise = torch.zeros_like(self.pixels, dtype=torch.int8)
        model = learners.ALL[recipe.learner](int(labels.max()) + 1)
        self.model = model.to(self.device, memory_format=torch.channels_last)
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), recipe.rate, 0.9, weight_decay=5e-4
        )
        self.step, self.order = 0, []

    def images(self, chosen):
        """Pictures (N, 3, H, W) in [0, 1]."""
        return self.pixels[chosen].permute(0, 3, 1, 2).float() / 255

    def seen(self, images, shift):
        """What the surrogate gets of images in [0, 1]: shifted, in [-0.5, 0.5]."""
        return shift(images.clamp(0, 1)) - 0.5

    def logits(self, inputs):
        with self.precision():
            return self.model(inputs).float()

    def precision(self):
        return fast(torch.device(self.device).type)

    def shift(self, images):
        return Shift(images.shape, self.recipe.pad, self.generator, images.device)

    def perturbed(self, inputs, labels):
        """The inputs as the noise must stand them; the perturbation counts as constant."""
        recipe = self.recipe
        if recipe.against == NOTHING:
            return inputs
        if recipe.against == RANDOM:
            added = torch.empty_like(inputs).uniform_(-recipe.radius, recipe.radius)
        else:
            added = self.attacked(inputs.detach(), labels) - inputs.detach()
        return (inputs + added).clamp(-0.5, 0.5)

    def attacked(self, inputs, labels):
        recipe = self.recipe
        step = 2 * recipe.radius / recipe.attack_steps
        with self.precision():
            return adversary.linf(
                self.model, inputs, labels, recipe.radius, step, recipe.attack_steps
            )

    def minimize(self, chosen, steps, draws):
        """Fresh noise for the chosen pictures, which the surrogate as it is tells best."""
        epsilon = EPSILON / 255
        self.model.eval()
        clean, labels = self.images(chosen), self.labels[chosen]
        delta = torch.empty_like(clean).uniform_(-epsilon, epsilon)
        for _ in range(steps):
            slope = torch.zeros_like(delta)
            for _ in range(draws):
                delta.requires_grad_()
                inputs = self.perturbed(self.seen(clean + delta, self.shift(clean)), labels)
                loss = F.cross_entropy(self.logits(inputs), labels, reduction="sum")
                slope += torch.autograd.grad(loss, delta)[0]
                delta = delta.detach()
            delta = (delta - 2 * epsilon / steps * slope.sign()).clamp(-epsilon, epsilon)
        self.noise[chosen] = (255 * delta).round().to(torch.int8).permute(0, 2, 3, 1)

    def learn(self, chosen):
        """One step of the surrogate on the noisy pictures, under its adversary."""
        labels = self.labels[chosen]
        noisy = self.images(chosen) + self.noise[chosen].permute(0, 3, 1, 2).float() / 255
        inputs = self.seen(noisy, self.shift(noisy))
        if self.recipe.radius > 0:
            inputs = self.attacked(inputs, labels)
        self.model.train()
        self.optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.logits(inputs), labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def batch(self):
        """The next shuffled batch; an epoch's rest of fewer is dropped."""
        size = min(self.recipe.batch, len(self.pixels))
        if not self.order or len(self.order[0]) < size:
            shuffled = torch.randperm(len(self.pixels), generator=self.generator)
            self.order = list(shuffled.split(size))
        return self.order.pop(0).to(self.device)

    def advance(self):
        """One step of both sides; the surrogate's loss."""
        rate = self.recipe.rate * 0.1 ** (self.step // self.recipe.decay)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        chosen = self.batch()
        self.minimize(chosen, self.recipe.noise_steps, self.recipe.draws)
        self.step += 1
        return self.learn(chosen)

    def released(self):
        """uint8 pictures (N, H, W, 3) with noise of the last surrogate for every one."""
        for part in torch.arange(len(self.pixels), device=self.device).split(250):
            self.minimize(part, self.recipe.final_steps, self.recipe.final_draws)
        return (self.pixels.short() + self.noise).clamp(0, 255).to(torch.uint8).cpu().numpy()


def fit(pixels, labels, seed, recipe=None, log=None):
    """A `Fit` of uint8 pictures (N, H, W, 3) and their labels, after all steps of the recipe.

    Uses the authors' recipe on a GPU; elsewhere that for two cores.
    """
    made = Fit(pixels, labels, seed, recipe or standard())
    while made.step < made.recipe.steps:
        loss = made.advance()
        if log and made.step % 50 == 0:
            log(f"step {made.step} of {made.recipe.steps}: loss of the surrogate {loss:.3f}")
    return made


def standard():
    """The recipe for the machine."""
    return PAPER if torch.cuda.is_available() else CPU


def error_minimizing(pixels, labels, seed):
    """EM's row."""
    return fit(pixels, labels, seed, plain(standard())).released()


def robust_error_minimizing(pixels, labels, seed):
    """REM's row; on two cores what is released averages no draws, since each costs an ascent."""
    recipe = robust(standard())
    if recipe.learner == CPU.learner:
        recipe = replace(recipe, final_draws=1)
    return fit(pixels, labels, seed, recipe).released()


def stable_error_minimizing(pixels, labels, seed):
    """SEM's row."""
    return fit(pixels, labels, seed).released()
