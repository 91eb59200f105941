"""CIFAR-10 and CIFAR-100 as published, or CIFAR-10 as lossless mosaics of 3200x3200 pixels."""

import io
import pickle

import numpy as np
from PIL import Image

from .dataset import Dataset

CLASSES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")


def knows(names, files):
    """Whether these file names belong to one of them."""
    return "labels.npz" in names or "data_batch_1" in names or {"train", "test", "meta"} <= names


def read(files):
    """The data set held in the files' bytes."""
    members = {path.name: content for path, content in files.items()}
    if "labels.npz" in members:
        return _from_mosaics(members)
    return _cifar10(members) if "data_batch_1" in members else _cifar100(members)


def _from_mosaics(members):
    def batch(name):
        mosaic = np.asarray(Image.open(io.BytesIO(members[name])).convert("RGB"))
        tiles = mosaic.reshape(100, 32, 100, 32, 3).transpose(0, 2, 1, 3, 4)
        return tiles.reshape(10000, 32, 32, 3)

    labels = np.load(io.BytesIO(members["labels.npz"]))
    x_train = np.concatenate([batch(f"data_batch_{i}.webp") for i in range(1, 6)])
    return Dataset(x_train, labels["y_train"], batch("test_batch.webp"), labels["y_test"], CLASSES)


def _batch(content, labels):
    record = pickle.loads(content, encoding="bytes")
    images = (
        np.asarray(record[b"data"], dtype=np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
    )
    return np.ascontiguousarray(images), np.asarray(record[labels], dtype=np.uint8)


def _cifar10(members):
    train = [_batch(members[f"data_batch_{i}"], b"labels") for i in range(1, 6)]
    x_test, y_test = _batch(members["test_batch"], b"labels")
    return Dataset(
        np.concatenate([x for x, _ in train]),
        np.concatenate([y for _, y in train]),
        x_test,
        y_test,
        CLASSES,
    )


def _cifar100(members):
    names = pickle.loads(members["meta"], encoding="bytes")[b"fine_label_names"]
    train, test = (_batch(members[part], b"fine_labels") for part in ("train", "test"))
    return Dataset(*train, *test, tuple(name.decode() for name in names))
