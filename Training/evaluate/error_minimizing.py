"""Sample-wise error-minimising noise (Huang et al., ICLR 2021), which needs a deep surrogate.

min over theta and |delta| <= epsilon of CE(f_theta(x + delta), y). Alternates between some
surrogate steps on x + delta and signed descent on delta over the whole set, until the surrogate
errs on fewer than 1 % of x + delta.
"""

from dataclasses import dataclass

import learners
import numpy as np
import torch
from torch.nn import functional as F

from . import augmentation, classifier, perturbations


@dataclass(frozen=True)
class Recipe:
    """The surrogate and the alternation; the defaults are the authors' own.

    A round trains the surrogate on `surrogate_steps` batches, then takes `noise_steps` of size
    `step` (of 1) on every delta. There are at most `rounds`.
    """

    learner: str = "ResNet-18"
    batch: int = 128
    surrogate_steps: int = 10
    noise_steps: int = 20
    step: float = 0.8 / 255
    rounds: int = 100
    error: float = 0.01


PAPER = Recipe()
# Fewer and larger steps, as in APBench.
CPU = Recipe("narrow", surrogate_steps=20, noise_steps=5, step=1.6 / 255, rounds=15)


def perturb(pixels, labels, seed, recipe=None, log=None):
    """uint8 images (N, H, W, 3) with error-minimising noise within +-EPSILON levels.

    Uses the authors' recipe on a GPU; elsewhere the narrow network as surrogate, and fewer rounds.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    recipe = recipe or (PAPER if device == "cuda" else CPU)
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, 10])
    epsilon = perturbations.EPSILON / 255
    x = torch.from_numpy(np.ascontiguousarray(pixels)).to(device).permute(0, 3, 1, 2)
    y = torch.from_numpy(labels.astype(np.int64)).to(device)
    model = learners.ALL[recipe.learner](int(labels.max()) + 1).to(device).to(
        memory_format=torch.channels_last
    )
    optimizer = torch.optim.SGD(model.parameters(), 0.1, 0.9, weight_decay=5e-4)
    delta = torch.zeros(x.shape, device=device)

    def surrogate_step(chosen):
        noisy = ((x[chosen].float() / 255 + delta[chosen]).clamp(0, 1) * 255).permute(0, 2, 3, 1)
        images = classifier.as_input(augmentation.shifted(noisy, rng, 4))
        optimizer.zero_grad()
        F.cross_entropy(model(images), y[chosen]).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()

    def descend(part):
        clean, moved = x[part].float() / 255, delta[part]
        for _ in range(recipe.noise_steps):
            moved.requires_grad_()
            loss = F.cross_entropy(model(clean + moved - 0.5), y[part], reduction="sum")
            (gradient,) = torch.autograd.grad(loss, moved)
            with torch.no_grad():
                moved = (moved - recipe.step * gradient.sign()).clamp(-epsilon, epsilon)
                moved = (clean + moved).clamp(0, 1) - clean
        delta[part] = moved.detach()
        with torch.no_grad():
            return int((model(clean + moved - 0.5).argmax(1) != y[part]).sum())

    batches = iter(())
    for count in range(recipe.rounds):
        model.train()
        for _ in range(recipe.surrogate_steps):
            chosen = next(batches, None)
            if chosen is None:
                batches = iter(torch.from_numpy(rng.permutation(len(x))).split(recipe.batch))
                chosen = next(batches)
            surrogate_step(chosen.to(device))
        model.eval()
        wrong = sum(descend(part.to(device)) for part in torch.arange(len(x)).split(500))
        if log:
            log(f"round {count + 1}: {100 * wrong / len(x):.1f} % errors on the noisy images")
        if wrong < recipe.error * len(x):
            break
    return perturbations.add(pixels, 255 * delta.permute(0, 2, 3, 1).cpu().numpy())
