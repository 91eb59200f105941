"""Countermeasures inside the training loop, which change an augmented batch and its labels.

Each takes float images (N, 3, H, W) in [0, 1], one-hot labels (N, classes) and a numpy generator,
and returns both.
"""

import torch


def _box(rng, height, width, box_height, box_width):
    """Slices of a box around a uniform centre, clipped at the border."""
    y, x = int(rng.integers(height)), int(rng.integers(width))
    rows = slice(max(0, y - box_height // 2), min(height, y - box_height // 2 + box_height))
    return rows, slice(max(0, x - box_width // 2), min(width, x - box_width // 2 + box_width))


def cutout(images, labels, rng):
    """One black square of half the side per image, centred anywhere (DeVries and Taylor 2017)."""
    images = images.clone()
    height, width = images.shape[2:]
    for image in images:
        rows, columns = _box(rng, height, width, height // 2, width // 2)
        image[:, rows, columns] = 0
    return images, labels


def cutmix(images, labels, rng, boxes=2):
    """Pastes boxes from other images of the batch; labels are mixed by area (Yun et al. 2019).

    There are up to two boxes, each with probability 1/2. A box covers the share 1 - lambda of the
    area before clipping, with lambda uniform.
    """
    height, width = images.shape[2:]
    for _ in range(boxes):
        partners = torch.from_numpy(rng.permutation(len(images)))
        mixed, mixed_labels = images.clone(), labels.clone()
        for i, partner in enumerate(partners):
            if rng.random() < 0.5:
                side = (1 - rng.random()) ** 0.5
                rows, columns = _box(rng, height, width, round(side * height), round(side * width))
                share = (rows.stop - rows.start) * (columns.stop - columns.start) / (height * width)
                mixed[i, :, rows, columns] = images[partner, :, rows, columns]
                mixed_labels[i] = (1 - share) * labels[i] + share * labels[partner]
        images, labels = mixed, mixed_labels
    return images, labels


def mixup(images, labels, rng):
    """A uniform blend with another image of the batch and its label (Zhang et al. 2018).

    Applied twice, with probability 1/2 each.
    """
    for _ in range(2):
        partners = torch.from_numpy(rng.permutation(len(images)))
        share = (
            torch.from_numpy(rng.random(len(images)) * (rng.random(len(images)) < 0.5)).to(images)
        )
        images = images + share[:, None, None, None] * (images[partners] - images)
        labels = labels + share[:, None] * (labels[partners] - labels)
    return images, labels


ALL = {"cutout": cutout, "cutmix": cutmix, "mixup": mixup}
