"""The training sets that a table compares, one per row: what happens to the images before training.

A row takes clean images and labels, a seed and the product under test, and returns a `TrainingSet`.
"""

import inspect
from pathlib import Path
from typing import NamedTuple

import numpy as np
from methods.sem import generated, noise

from . import (
    adversarial_poisons, cache, comparators, error_minimizing, lite_pattern, perturbations, product,
)  # fmt: skip


# Trained by recipes/paper-losses.json: like the waves, but with the paper's losses and no
# attack layer.
PAPER_LOSSES = Path(__file__).resolve().parents[1] / "baselines" / "paper-losses.safetensors"


class Protection(NamedTuple):
    """How the binary made a set, as far as an attacker can know: not with which family seed."""

    weights: str
    options: tuple


class TrainingSet(NamedTuple):
    """What a trainer gets, and the clean images it was made from, all (N, ...).

    `protection` is set if the binary made it.
    """

    images: np.ndarray
    labels: np.ndarray
    originals: np.ndarray
    protection: Protection | None = None


def family_seed(seed):
    """The family seed of the semantic images for a seed of the evaluation."""
    return 1000 + seed


def _perturbed(make):
    return lambda x, y, seed, tool: TrainingSet(make(x, y, seed), y, x)


def _compared(make):
    """As `_perturbed`, but cached, since these take minutes, until their module changes."""
    code = inspect.getsource(inspect.getmodule(make))

    def perturb(x, y, seed, tool):
        parts = (f"{make.__name__} {seed}".encode(), code.encode(), x.tobytes(), y.tobytes())
        return TrainingSet(cache.stored(tool.cache, parts, lambda: make(x, y, seed)), y, x)

    return perturb


def _protected(mode, *options, mask="none", paper=False):
    """Protected by the binary.

    The mask is explicit, since its default depends on the image size.
    """
    options = ("--mode", mode, "--mask", mask, *options)

    def make(x, y, seed, tool):
        protection = Protection(str(PAPER_LOSSES if paper else tool.weights), options)
        released = product.protect(
            tool.binary,
            protection.weights,
            x,
            y,
            tool.names,
            family_seed(seed),
            tool.cache,
            protection.options,
        )
        return TrainingSet(released, y, x, protection)

    return make


def _partly(mode, share):
    """Protects `share` of every class; the rest stays clean."""

    def make(x, y, seed, tool):
        protected = _protected(mode)(x, y, seed, tool)
        chosen = _first_of_each_class(y, share, seed)
        return protected._replace(images=np.where(chosen[:, None, None, None], protected.images, x))

    return make


def _rest_alone(share):
    """The clean part of such a mixture on its own."""

    def make(x, y, seed, tool):
        kept = ~_first_of_each_class(y, share, seed)
        return TrainingSet(x[kept], y[kept], x[kept])

    return make


def _first_of_each_class(labels, share, seed):
    """A mask that selects `share` of the images of each class at random."""
    rng = np.random.default_rng([seed, 8])
    mask = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        mask[members[: round(share * len(members))]] = True
    return mask


SHARES = (0.2, 0.4, 0.6, 0.8)


def mixture(share):
    """The row names of a mixture with `share` of every class protected, and of its clean part."""
    return f"{share:.0%} class-wise, rest clean", f"the clean {1 - share:.0%} alone"


CLEAN, CONTROL, PAPER = "clean", "random noise (control)", "deep hiding, the paper's losses"
# The control of the `pretrained` columns, which ignore random noise.
LITE0_PATTERN = "Lite0 pattern (control)"
CLASS_WISE, SAMPLE_WISE, MASKED, SOFT, FRESH = (
    "palimpsest class-wise", "palimpsest sample-wise", "palimpsest mask=photo", "palimpsest soft",
    "palimpsest, fresh secrets",
)  # fmt: skip
SEM = "SEM"
OURS = (CLASS_WISE, SAMPLE_WISE, MASKED, SOFT, FRESH)
ALL = {
    CLEAN: _perturbed(lambda x, y, seed: x),
    CONTROL: _perturbed(perturbations.random_noise),
    "smooth noise": _perturbed(perturbations.smooth_noise),
    LITE0_PATTERN: _compared(lite_pattern.perturb),
    CLASS_WISE: _protected("class-wise"),
    SAMPLE_WISE: _protected("sample-wise"),
    MASKED: _protected("sample-wise", mask="photo"),
    SOFT: _protected("class-wise", "--no-clip"),
    FRESH: _protected("class-wise", "--fresh-semantic-images"),
    PAPER: _protected("class-wise", paper=True),
    "LSP": _compared(comparators.linearly_separable),
    "AR": _compared(comparators.autoregressive),
    "OPS (one pixel, unbounded)": _compared(comparators.one_pixel),
    "PIL": _compared(comparators.induced_linearity),
    "EM": _compared(error_minimizing.perturb),
    "EM, SEM's code": _compared(noise.error_minimizing),
    "REM": _compared(noise.robust_error_minimizing),
    SEM: _compared(noise.stable_error_minimizing),
    "SEM by a generator": _compared(generated.generated),
    "TAP": _compared(adversarial_poisons.targeted),
    "EntF": _compared(adversarial_poisons.entangled),
    **{mixture(share)[0]: _partly("class-wise", share) for share in SHARES},
    **{mixture(share)[1]: _rest_alone(share) for share in SHARES},
}

MIXTURES = tuple(name for share in SHARES for name in mixture(share))


def weights_file(row, tool):
    """The weights the binary uses for a row, or None for rows it does not make."""
    if row == PAPER:
        return PAPER_LOSSES
    return tool.weights if "palimpsest" in row or "class-wise" in row else None
