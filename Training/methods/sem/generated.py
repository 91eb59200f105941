"""SEM's objective for a generator: noise that one network makes for pictures it has never seen.

The reference keeps noise for every picture of the set. Here a generator learns in its place, in
turns with the same surrogate: E CE(f(T(G(x, y)) + e), y) by Adam, then the surrogate's adversarial
step on G's pictures.
"""

import numpy as np
import torch
from torch.nn import functional as F

from ..generator import Generator, excess, likeness, released
from .noise import Fit, standard


class GeneratorFit(Fit):
    """As `Fit`, with a generator for the noise of every picture."""

    def __init__(self, pixels, labels, seed, recipe, rate=1e-3, turns=1, alike=0.0, **shape):
        super().__init__(pixels, labels, seed, recipe)
        classes, side = int(labels.max()) + 1, pixels.shape[1]
        self.generator_network = Generator(classes, side, **shape).to(
            self.device, memory_format=torch.channels_last
        )
        self.turns, self.alike = turns, alike
        self.adam = torch.optim.Adam(self.generator_network.parameters(), rate)

    def improve(self, chosen):
        """One step of the generator."""
        self.model.eval()
        clean, labels = self.images(chosen), self.labels[chosen]
        loss = 0
        for _ in range(self.recipe.draws):
            with self.precision():
                proposal = self.generator_network.proposal(clean, labels).float()
            noisy = released(clean, proposal)
            inputs = self.perturbed(self.seen(noisy, self.shift(clean)), labels)
            loss = loss + F.cross_entropy(self.logits(inputs), labels) / self.recipe.draws
        loss = loss + excess(proposal) + self.alike * likeness(noisy - clean, labels)
        self.adam.zero_grad(set_to_none=True)
        loss.backward()
        self.adam.step()
        return loss.item()

    def advance(self):
        for group in self.optimizer.param_groups:
            group["lr"] = self.recipe.rate * 0.1 ** (self.step // self.recipe.decay)
        for _ in range(self.turns):
            self.improve(self.batch())
        chosen = self.batch()
        with torch.no_grad(), self.precision():
            released = self.generator_network(self.images(chosen), self.labels[chosen])
            levels = (released * 255).round() - self.images(chosen) * 255
            self.noise[chosen] = levels.round().to(torch.int8).permute(0, 2, 3, 1)
        self.step += 1
        return self.learn(chosen)

    def released(self):
        return self.protected(self.pixels, self.labels)

    @torch.no_grad()
    def protected(self, pixels, labels):
        """uint8 pictures (N, H, W, 3) of the generator, of any pictures of these classes."""
        made = []
        for part in torch.arange(len(pixels)).split(250):
            images = pixels[part].permute(0, 3, 1, 2).float() / 255
            made.append((self.generator_network(images, labels[part]) * 255).round())
        return torch.cat(made).permute(0, 2, 3, 1).to(torch.uint8).cpu().numpy()


def generator_fit(pixels, labels, seed, recipe=None, log=None, **options):
    """A `GeneratorFit` after all steps of the recipe."""
    made = GeneratorFit(pixels, labels, seed, recipe or standard(), **options)
    while made.step < made.recipe.steps:
        loss = made.advance()
        if log and made.step % 50 == 0:
            log(f"step {made.step} of {made.recipe.steps}: loss of the surrogate {loss:.3f}")
    return made


def generated(pixels, labels, seed):
    """SEM by a generator: the row."""
    return generator_fit(np.asarray(pixels), labels, seed).released()
