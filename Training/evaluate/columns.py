"""The countermeasures that a table compares, one column each: how a trainer learns from a row's images.

A column takes a row's images and labels, the test images and labels, a seed and the table's setting, and returns the
history of `classifier.train`.
"""

import numpy as np

from . import adversary, backbone, classifier, countermeasures, mixing, projection


def _on_images(name):
    def learn(x, y, x_test, y_test, seed, setting):
        x = countermeasures.ALL[name](x, seed)
        return classifier.train(x, y, x_test, y_test, seed, setting.recipe, setting.classes)[1]

    return learn


def _in_training(**options):
    def learn(x, y, x_test, y_test, seed, setting):
        return classifier.train(x, y, x_test, y_test, seed, setting.recipe, setting.classes, **options)[1]

    return learn


def _projected(x, y, x_test, y_test, seed, setting):
    projected = np.clip(np.rint(projection.project(x, y, seed)), 0, 255).astype(np.uint8)
    return classifier.train(projected, y, x_test, y_test, seed, setting.recipe, setting.classes)[1]


def _fine_tuned(x, y, x_test, y_test, seed, setting):
    model = backbone.pretrained(setting.backbone, setting.classes, seed)
    recipe = classifier.Recipe("EfficientNet-Lite0", epochs=2, batch=64, rate=0.01)
    return classifier.train(x, y, x_test, y_test, seed, recipe, setting.classes, model=model)[1]


VANILLA, FINE_TUNING = "vanilla", "fine-tuning"
ALL = {
    **{name: _on_images(name) for name in countermeasures.ALL},
    **{name: _in_training(mix=name) for name in mixing.ALL},
    **{name: _in_training(attack=name) for name in adversary.ALL},
    "UEraser": _in_training(erase=True),
    "orthogonal projection": _projected,
    FINE_TUNING: _fine_tuned,
}
# Table I of the paper; adversarial training is left to machines with a GPU.
TWELVE = (
    "vanilla", "cutout", "cutmix", "mixup", "mean filter", "median filter", "2 bits", "grayscale", "Gaussian noise",
    "Gaussian filter (paper)", "JPEG 10", "JPEG 50",
)  # fmt: skip
FOURTEEN = (*TWELVE, *adversary.ALL)
FURTHER = ("Gaussian filter", "half size", "WebP", "grayscale + JPEG 50", "orthogonal projection", FINE_TUNING)
