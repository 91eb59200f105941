"""The countermeasures that a table compares, one column each: how a trainer learns from a row's images."""

import numpy as np

from . import adversary, classifier, countermeasures, mixing, projection


def _on_images(name):
    def learn(x, y, x_test, y_test, seed, recipe, classes):
        return classifier.train(countermeasures.ALL[name](x, seed), y, x_test, y_test, seed, recipe, classes)[1]

    return learn


def _in_training(**options):
    def learn(x, y, x_test, y_test, seed, recipe, classes):
        return classifier.train(x, y, x_test, y_test, seed, recipe, classes, **options)[1]

    return learn


def _projected(x, y, x_test, y_test, seed, recipe, classes):
    projected = np.clip(np.rint(projection.project(x, y, seed)), 0, 255).astype(np.uint8)
    return classifier.train(projected, y, x_test, y_test, seed, recipe, classes)[1]


VANILLA = "vanilla"
ALL = {
    **{name: _on_images(name) for name in countermeasures.ALL},
    **{name: _in_training(mix=name) for name in mixing.ALL},
    **{name: _in_training(attack=name) for name in adversary.ALL},
    "orthogonal projection": _projected,
}
# Table I of the paper; adversarial training is left to machines with a GPU.
TWELVE = (
    "vanilla", "cutout", "cutmix", "mixup", "mean filter", "median filter", "2 bits", "grayscale", "Gaussian noise",
    "Gaussian filter (paper)", "JPEG 10", "JPEG 50",
)  # fmt: skip
FOURTEEN = (*TWELVE, *adversary.ALL)
FURTHER = ("Gaussian filter", "half size", "WebP", "grayscale + JPEG 50", "orthogonal projection")
