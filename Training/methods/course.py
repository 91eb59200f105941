"""A classifier on its way through training: what measures a method, and what UGE authorises."""

from dataclasses import asdict, dataclass

import learners
import numpy as np
import torch
from torch.nn import functional as F

from .precision import fast
from .shifts import Shift


@dataclass(frozen=True)
class Learner:
    """An architecture, a start, and a recipe.

    `start` is the seed of the first weights, of the order and of the shifts. SGD with momentum 0.9
    and weight decay 5e-4 on mirrors and shifts of at most `pad` pixels, at a one-cycle rate of peak
    `rate`.
    """

    learner: str = "narrow"
    start: int = 0
    epochs: float = 15
    batch: int = 32
    rate: float = 0.1
    pad: int = 2

    def model(self, classes):
        """The network with its first weights."""
        torch.manual_seed(self.start)
        return learners.ALL[self.learner](classes).to(memory_format=torch.channels_last)

    def identity(self):
        return asdict(self)


class Course:
    """A learner that takes steps on pictures which may change on the way.

    `pictures(chosen)` gives images (N, 3, H, W) in [0, 1] and labels of the chosen of `count`.
    """

    def __init__(self, learner, classes, count, steps=None):
        self.learner, self.model = learner, learner.model(classes)
        self.steps = steps or max(1, round(count / learner.batch * learner.epochs))
        self.optimizer = torch.optim.SGD(
            self.model.parameters(), learner.rate, 0.9, weight_decay=5e-4
        )
        self.schedule = torch.optim.lr_scheduler.OneCycleLR(
            self.optimizer, learner.rate, total_steps=self.steps, pct_start=0.3
        )
        self.count, self.step, self.order = count, 0, iter(())
        self.generator = torch.Generator().manual_seed(learner.start)

    def batch(self):
        size = min(self.learner.batch, self.count)
        chosen = next(self.order, None)
        if chosen is None or len(chosen) < size:
            self.order = iter(torch.randperm(self.count, generator=self.generator).split(size))
            chosen = next(self.order)
        return chosen

    def advance(self, steps, pictures):
        """Takes so many more steps, as far as there are."""
        self.model.train()
        for _ in range(min(steps, self.steps - self.step)):
            images, labels = pictures(self.batch())
            shift = Shift(images.shape, self.learner.pad, self.generator, images.device)
            with fast(images.device.type):
                logits = self.model(shift(images) - 0.5)
            self.optimizer.zero_grad(set_to_none=True)
            self.loss(logits.float(), labels).backward()
            self.optimizer.step()
            self.schedule.step()
            self.step += 1
        return self

    def loss(self, logits, labels):
        return F.cross_entropy(logits, labels)

    def finish(self, pictures):
        """Takes all steps that are left."""
        return self.advance(self.steps, pictures)

    def state(self):
        return {name: value.clone() for name, value in self.model.state_dict().items()}


def whole(pixels):
    """How a learner sees pictures that has no view of its own: as they are."""
    return pixels


def images_of(pixels):
    """uint8 (N, H, W, 3) to (N, 3, H, W) in [0, 1]."""
    if isinstance(pixels, np.ndarray):
        pixels = torch.from_numpy(np.ascontiguousarray(pixels))
    images = pixels.permute(0, 3, 1, 2).float() / 255
    return images.contiguous(memory_format=torch.channels_last)


def learnt(learner, classes, pixels, labels, steps=None):
    """A `Course` of uint8 pictures and their labels, at its end."""
    own = torch.from_numpy(labels.astype(np.int64))
    course = Course(learner, classes, len(pixels), steps)
    pixels = torch.from_numpy(np.ascontiguousarray(pixels))
    return course.finish(lambda chosen: (images_of(pixels[chosen]), own[chosen]))


@torch.no_grad()
def accuracy(model, pixels, labels):
    """Accuracy on uint8 pictures, in percent."""
    model.eval()
    right = 0
    for part in np.split(np.arange(len(pixels)), range(500, len(pixels), 500)):
        told = model(images_of(pixels[part]) - 0.5).argmax(1).numpy()
        right += int((told == labels[part]).sum())
    return 100 * right / len(pixels)
