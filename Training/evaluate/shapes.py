"""A generated set of 16x16 images in ten classes, hard enough to make shortcuts easier to learn."""

import numpy as np

SIZE = 16
# Each class is a shape: a predicate over coordinates centred on it, in units of its radius.
SHAPES = (
    lambda x, y: x**2 + y**2 < 1,
    lambda x, y: (x**2 + y**2 < 1) & (x**2 + y**2 > 0.4),
    lambda x, y: np.maximum(abs(x), abs(y)) < 0.9,
    lambda x, y: (np.maximum(abs(x), abs(y)) < 1) & (np.maximum(abs(x), abs(y)) > 0.6),
    lambda x, y: abs(x) + abs(y) < 1.1,
    lambda x, y: (abs(x) < 0.35) | (abs(y) < 0.35),
    lambda x, y: (abs(x - y) < 0.5) | (abs(x + y) < 0.5),
    lambda x, y: (y > -0.8) & (y < 0.9) & (abs(x) < (y + 0.9) / 1.8),
    lambda x, y: abs(y) < 0.4,
    lambda x, y: (abs(x) < 0.4) | (y > 0.6),
)


def generate(count, seed):
    """`count` uint8 images (N, 16, 16, 3) and labels: tinted shapes on a tinted, noisy ground."""
    rng = np.random.default_rng([seed, 3])
    labels = rng.integers(0, len(SHAPES), count).astype(np.uint8)
    grid = np.arange(SIZE) + 0.5
    images = np.empty((count, SIZE, SIZE, 3))
    for image, label in zip(images, labels):
        radius = rng.uniform(4, 6)
        centre = rng.uniform(radius, SIZE - radius, 2)
        x, y = np.meshgrid((grid - centre[0]) / radius, (grid - centre[1]) / radius)
        inside = SHAPES[label](x, y) & (abs(x) < 1.1) & (abs(y) < 1.1)
        ground, step = rng.uniform(70, 180, 3), rng.choice([-1, 1]) * rng.uniform(15, 45, 3)
        image[:] = ground + inside[..., None] * step + rng.normal(0, 4, image.shape)
    return np.clip(np.rint(images), 0, 255).astype(np.uint8), labels
