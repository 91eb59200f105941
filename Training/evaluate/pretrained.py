"""Trainers who start from pre-trained networks: linear probe, nearest neighbours and fine-tuning.

A family of columns: a published network, the number of images per class, and for fine-tuning the
number of epochs. Images below 96 pixels are upscaled to that side inside the network (bilinear).
Larger ones enter at their own side up to 224, or at the setting's `side`.
"""

from dataclasses import asdict, dataclass

import numpy as np
import torch
from torch.nn import functional as F

from . import backbone, classifier, features

BACKBONES = ("Lite0", "Lite2", "MobileNetV2")
# Images per class; None for all.
PER_CLASS = (20, 100, None)
EPOCHS = (1, 3, 10)


def _known(column, given, x_test, seed, setting):
    """Features and labels of the chosen images, and features of the test images."""
    pieces = features.chosen(given.labels, column.per_class, seed)

    def extracted(pixels):
        return features.extract(
            pixels,
            column.backbone,
            setting.side,
            setting.recipe.precision,
            setting.tool.cache / "features",
        )

    learnt = np.concatenate([extracted(given.images[piece]) for piece in pieces if len(piece)])
    return learnt, given.labels[np.concatenate(pieces)], extracted(x_test)


def standardised(learnt, asked):
    """Standardises both by the mean and deviation of `learnt`.

    Near-constant features are not amplified.
    """
    mean, deviation = learnt.mean(0), np.maximum(learnt.std(0), 1e-2)
    return (learnt - mean) / deviation, (asked - mean) / deviation


def logistic_regression(x, y, classes, penalty):
    """(weights (D, K), bias (K,)) of multinomial logistic regression, by L-BFGS from 0.

    Minimises mean cross-entropy + penalty / 2 * |weights|².
    """
    x, y = torch.from_numpy(x).double(), torch.from_numpy(y.astype(np.int64))
    weights = torch.zeros(x.shape[1], classes, dtype=torch.double, requires_grad=True)
    bias = torch.zeros(classes, dtype=torch.double, requires_grad=True)
    optimizer = torch.optim.LBFGS(
        [weights, bias],
        max_iter=200,
        tolerance_grad=1e-6,
        tolerance_change=1e-9,
        line_search_fn="strong_wolfe",
    )

    def loss():
        optimizer.zero_grad()
        value = F.cross_entropy(x @ weights + bias, y) + penalty / 2 * weights.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    return weights.detach().numpy(), bias.detach().numpy()


def nearest(learnt, labels, asked, classes, neighbours):
    """The majority label among the nearest images by cosine similarity of features.

    Ties go to the more similar images.
    """
    known, wanted = (
        torch.from_numpy(f / np.maximum(np.linalg.norm(f, axis=1, keepdims=True), 1e-12))
        for f in (learnt, asked)
    )
    votes = F.one_hot(torch.from_numpy(labels.astype(np.int64)), classes).float()
    out = []
    for some in wanted.split(1_000):
        similarity, places = (some @ known.T).topk(min(neighbours, len(known)), 1)
        # Similarities are at most 1, so together they only break ties.
        weights = 1 + similarity / (2 * neighbours)
        out.append((votes[places] * weights[..., None]).sum(1).argmax(1))
    return torch.cat(out).numpy()


def _percent(answers, labels):
    return 100 * float((answers == labels).mean())


@dataclass(frozen=True)
class Probe:
    """L2-regularised multinomial logistic regression on standardised features of a frozen network.

    The penalty is the same for all rows and numbers of images; it was chosen once on clean CIFAR-10
    validation images.
    """

    backbone: str
    per_class: int | None
    penalty: float = 0.1

    def __str__(self):
        return f"probe {self.backbone}, {_amount(self.per_class)}"

    def __call__(self, given, x_test, y_test, seed, setting):
        learnt, labels, asked = _known(self, given, x_test, seed, setting)
        learnt, asked = standardised(learnt, asked)
        weights, bias = logistic_regression(learnt, labels, setting.classes, self.penalty)
        return [_percent((asked @ weights + bias).argmax(1), y_test)]


@dataclass(frozen=True)
class Nearest:
    """Majority vote of the 20 nearest images by cosine similarity of frozen features."""

    backbone: str
    per_class: int | None
    neighbours: int = 20

    def __str__(self):
        return f"kNN {self.backbone}, {_amount(self.per_class)}"

    def __call__(self, given, x_test, y_test, seed, setting):
        learnt, labels, asked = _known(self, given, x_test, seed, setting)
        return [_percent(nearest(learnt, labels, asked, setting.classes, self.neighbours), y_test)]


@dataclass(frozen=True)
class FineTuning:
    """Trains all layers, behind a new last one.

    SGD, one-cycle; images are mirrored and shifted by a sixteenth of the side.
    """

    backbone: str
    per_class: int | None
    epochs: int
    batch: int = 32
    rate: float = 0.01

    def __str__(self):
        return (
            f"fine-tune {self.backbone}, {_amount(self.per_class)}, {self.epochs} "
            f"epoch{'s' if self.epochs > 1 else ''}"
        )

    def __call__(self, given, x_test, y_test, seed, setting):
        pieces = np.concatenate(features.chosen(given.labels, self.per_class, seed))
        side = features.input_side(given.images, setting.side)
        images, asked = (features.shrunk(pixels, side) for pixels in (given.images[pieces], x_test))
        network = backbone.renewed(backbone.published(self.backbone, side), setting.classes, seed)
        # Always float32: on CPUs, PyTorch's bfloat16 is slower backwards through depthwise
        # convolutions.
        batch = min(self.batch, len(images))
        recipe = classifier.Recipe(
            self.backbone, self.epochs, batch, self.rate, pad=images.shape[1] // 16
        )
        labels = given.labels[pieces]
        return classifier.train(
            images, labels, asked, y_test, seed, recipe, setting.classes, model=network
        )[1]


def _amount(per_class):
    return "all" if per_class is None else f"{per_class} a class"


_FAMILY = (
    *(
        kind(name, amount)
        for kind in (Probe, Nearest)
        for name in BACKBONES
        for amount in PER_CLASS
    ),
    *(
        FineTuning(name, amount, epochs)
        for name in BACKBONES
        for amount in PER_CLASS
        for epochs in EPOCHS
    ),
)
ALL = {str(column): column for column in _FAMILY}


def identity(column, setting):
    """What one of these columns' cells depends on beyond the common identity."""
    facts = ALL[column]
    return {
        "trainer": {
            **asdict(facts), "side": setting.side, "weights": backbone.digest(facts.backbone)
        }
    }
