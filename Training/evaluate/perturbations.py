"""Class-wise perturbations without a network: the evaluation's controls, uint8 in and out."""

import numpy as np
from PIL import Image

EPSILON = 8


def add(pixels, delta):
    """Adds an integer perturbation of at most EPSILON levels and clamps to 8 bits."""
    delta = np.clip(np.rint(delta), -EPSILON, EPSILON).astype(np.int16)
    return np.clip(pixels.astype(np.int16) + delta, 0, 255).astype(np.uint8)


def zero(pixels, labels, seed):
    """No perturbation; must give the same result as the clean images."""
    return add(pixels, np.zeros(pixels.shape[1:]))


def random_noise(pixels, labels, seed):
    """One random +-EPSILON pattern per class.

    It is known to protect, so it shows that the harness works.
    """
    rng = np.random.default_rng([seed, 1])
    patterns = EPSILON * rng.choice([-1, 1], size=(int(labels.max()) + 1, *pixels.shape[1:]))
    return add(pixels, patterns[labels])


def smooth_noise(pixels, labels, seed):
    """One 8x8 random pattern per class, upscaled bilinearly and clipped to +-EPSILON."""
    rng = np.random.default_rng([seed, 2])
    height, width = pixels.shape[1:3]

    def pattern():
        small = rng.uniform(-2 * EPSILON, 2 * EPSILON, (8, 8)).astype(np.float32)
        return np.asarray(Image.fromarray(small).resize((width, height), Image.BILINEAR))

    patterns = np.stack(
        [np.stack([pattern() for _ in range(3)], -1) for _ in range(int(labels.max()) + 1)]
    )
    return add(pixels, patterns[labels])
