"""The countermeasures a table compares, one per column: how a trainer uses a row's images.

A column takes a `rows.TrainingSet`, the test images and labels, a seed and the table's setting. It
returns the test accuracy after every epoch, in percent.
"""

from dataclasses import replace

import numpy as np
from learners import adversary

from . import (
    backbone, classifier, components, countermeasures, detector, diffusion,
    disentangling, features, mixing, own_copy,
    pretrained, projection, purifier, ring, simclr, spectra, waves,
)  # fmt: skip


def _plain(images, given, x_test, y_test, seed, setting, **options):
    labels, recipe, classes = given.labels, setting.recipe, setting.classes
    return classifier.train(images, labels, x_test, y_test, seed, recipe, classes, **options)[1]


def _on_images(name):
    def learn(given, x_test, y_test, seed, setting):
        return _plain(
            countermeasures.ALL[name](given.images, seed), given, x_test, y_test, seed, setting
        )

    return learn


def _in_training(**options):
    def learn(given, x_test, y_test, seed, setting):
        return _plain(given.images, given, x_test, y_test, seed, setting, **options)

    return learn


def _projected(given, x_test, y_test, seed, setting):
    projected = projection.project(given.images, given.labels, seed)
    levels = np.clip(np.rint(projected), 0, 255).astype(np.uint8)
    return _plain(levels, given, x_test, y_test, seed, setting)


def _equalized(given, x_test, y_test, seed, setting):
    return _plain(
        spectra.equalize(given.images, given.labels), given, x_test, y_test, seed, setting
    )


def _purified(given, x_test, y_test, seed, setting):
    purified = diffusion.purify(diffusion.load(setting.diffusion), given.images, seed)
    return _plain(purified, given, x_test, y_test, seed, setting)


def _without_waves(rounds=waves.ROUNDS):
    def learn(given, x_test, y_test, seed, setting):
        images, unseen = waves.project(given.images, given.labels, x_test, rounds)
        return _plain(images, given, unseen, y_test, seed, setting)

    return learn


def _without_ring(given, x_test, y_test, seed, setting):
    rings = ring.find(given.images)
    return _plain(
        ring.treat(given.images, rings), given, ring.treat(x_test, rings), y_test, seed, setting
    )


def _without_known_ring(given, x_test, y_test, seed, setting):
    rings = ring.find(own_copy.pairs(given, seed, setting)[0])
    return _plain(
        ring.treat(given.images, rings), given, ring.treat(x_test, rings), y_test, seed, setting
    )


def _without_components(given, x_test, y_test, seed, setting):
    return _plain(
        components.subtract(given.images, given.labels), given, x_test, y_test, seed, setting
    )


def _disentangled(given, x_test, y_test, seed, setting):
    purified = disentangling.purify(given.images, given.labels, seed, setting.recipe.precision)
    return _plain(purified, given, x_test, y_test, seed, setting)


def _told_by_spectrum(given, x_test, y_test, seed, setting):
    """Held-out accuracy within the set itself rather than on test images (`DETECTORS`)."""
    return [detector.spectrum_probe(given.images, given.labels, seed)]


def _purified_by(attack):
    def learn(given, x_test, y_test, seed, setting):
        return _plain(attack(given, seed, setting)[0], given, x_test, y_test, seed, setting)

    return learn


def _fine_tuned(given, x_test, y_test, seed, setting):
    model = backbone.pretrained(setting.backbone, setting.classes, seed)
    recipe = classifier.Recipe("EfficientNet-Lite0", epochs=2, batch=64, rate=0.01)
    images, labels, classes = given.images, given.labels, setting.classes
    return classifier.train(images, labels, x_test, y_test, seed, recipe, classes, model=model)[1]


def _contrastive(given, x_test, y_test, seed, setting):
    recipe = simclr.CPU if setting.recipe.learner == "narrow" else simclr.FULL
    return simclr.train(
        given.images, given.labels, given.originals, x_test, y_test, seed, recipe, setting.classes
    )


def _learnt_by(learner):
    def learn(given, x_test, y_test, seed, setting):
        recipe = replace(setting.recipe, learner=learner)
        return classifier.train(
            given.images, given.labels, x_test, y_test, seed, recipe, setting.classes
        )[1]

    return learn


def _from_few(given, x_test, y_test, seed, setting):
    """Trains from scratch on `FEW_EACH` images per class.

    Takes as many steps as about 30 epochs on ten such classes.
    """
    few = np.concatenate(features.chosen(given.labels, FEW_EACH, seed))
    recipe = replace(setting.recipe, batch=min(setting.recipe.batch, len(few)))
    recipe = replace(recipe, epochs=FEW_STEPS / (len(few) // recipe.batch))
    return classifier.train(
        given.images[few], given.labels[few], x_test, y_test, seed, recipe, setting.classes
    )[1]


FEW_EACH, FEW_STEPS = 60, 540
# The networks of the paper's transfer table besides ResNet-18.
OTHER_LEARNERS = ("ResNet-50", "VGG-19", "DenseNet-121", "ViT")
VANILLA, FINE_TUNING, AVATAR = "vanilla", "fine-tuning", "AVATAR"
WAVES, RING, OTHER_KEYS, OWN_PAIRS = (
    "wave projection", "ring stop", "purifier, other keys", "purifier, own pairs"
)
# Shows what removing the overtones adds, which only the second search finds.
WAVES_ONCE = "wave projection, one search"
RANDAUGMENT, FEW = "RandAugment", "few pictures"
COMPONENTS, SPECTRUM, DISENTANGLING = (
    "class mean and components", "spectrum classifier", "D-VAE in small"
)
# Finds the ring on a set that the attacker protected, so that clean images lose it too.
RING_KNOWN = "ring stop, own copy"
COIN, SITES = "COIN", "JPEG 75, half size"
ALL = {
    **{name: _on_images(name) for name in countermeasures.ALL},
    **{name: _in_training(mix=name) for name in mixing.ALL},
    **{name: _in_training(attack=name) for name in adversary.ALL},
    "orthogonal projection": _projected,
    "equal spectra": _equalized,
    WAVES: _without_waves(),
    WAVES_ONCE: _without_waves(rounds=1),
    RING: _without_ring,
    RING_KNOWN: _without_known_ring,
    COMPONENTS: _without_components,
    DISENTANGLING: _disentangled,
    SPECTRUM: _told_by_spectrum,
    OTHER_KEYS: _purified_by(purifier.other_keys),
    OWN_PAIRS: _purified_by(purifier.own_pairs),
    "UEraser": _in_training(erase=True),
    RANDAUGMENT: _in_training(varied=True),
    FEW: _from_few,
    AVATAR: _purified,
    "SimCLR": _contrastive,
    FINE_TUNING: _fine_tuned,
    **{name: _learnt_by(name) for name in OTHER_LEARNERS},
    **pretrained.ALL,
}


def identity(column, setting):
    """What this column's cells depend on beyond the common identity."""
    return pretrained.identity(column, setting) if column in pretrained.ALL else {}


# Columns that change no image, as a test verifies; their cells equal those of `vanilla`.
NO_OPS = ("Gaussian filter (paper)",)
# Table I of the paper; adversarial training is left to machines with a GPU.
TWELVE = (
    "vanilla", "cutout", "cutmix", "mixup", "mean filter", "median filter", "2 bits", "grayscale",
    "Gaussian noise",
    "Gaussian filter (paper)", "JPEG 10", "JPEG 50",
)  # fmt: skip
FOURTEEN = (*TWELVE, "adversarial Linf", "adversarial L2")
# The radius at which SEM is to protect.
WEAK_ADVERSARY = "adversarial Linf 4/255"
# The paper's Table II, then columns beyond the paper.
LATER = ("orthogonal projection", "UEraser", AVATAR, "SimCLR")
FURTHER = (
    "Gaussian filter",
    "half size",
    "quarter size",
    "WebP",
    "grayscale + JPEG 50",
    "equal spectra",
    FINE_TUNING,
)
# Attacks that know how the product works, then general ones that the paper does not cover.
ADAPTIVE = (WAVES, RING, COMPONENTS, OTHER_KEYS, OWN_PAIRS, DISENTANGLING, COIN, SITES)
# Strong augmentation, and few images.
HARDER = ("UEraser", RANDAUGMENT, FEW)
# They report how well classes are told apart within the set, so no share of learning (r) is
# computed from them.
DETECTORS = (SPECTRUM,)
# Attackers with a copy of the product: their cells depend on its weights in every row.
WITH_OWN_COPY = (OTHER_KEYS, RING_KNOWN)


def _probed(given, seed, setting):
    return {"linear_probe": detector.linear_probe(given.images, given.labels, seed)}


# Further fields of a column's record: functions of a row's set, a seed and the setting.
FIGURES = {
    VANILLA: _probed,
    OTHER_KEYS: purifier.figures(purifier.other_keys),
    OWN_PAIRS: purifier.figures(purifier.own_pairs),
}
