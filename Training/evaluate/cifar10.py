"""CIFAR-10 from a folder or tar of lossless mosaics, or from the official pickles."""

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


class DatasetError(Exception):
    """The data set is missing or is not what it should be; the message says what to do."""


def load(path):
    """Returns uint8 arrays x_train (50000, 32, 32, 3), y_train (50000,), x_test and y_test (RGB, NHWC).

    Reads `cifar-10-python.tar.gz`, the folder unpacked from it, or a tar of 3200x3200 lossless mosaics
    (`cifar10/data_batch_1.webp` ... with `cifar10/labels.npz`).
    """
    path = Path(path)
    if not path.exists():
        raise DatasetError(
            f"CIFAR-10 is not at '{path}': download cifar-10-python.tar.gz from its authors' page and name it, "
            "for example: make prove CIFAR10=cifar-10-python.tar.gz"
        )
    if path.is_dir():
        members = {p.name: p.read_bytes() for p in path.rglob("*") if p.is_file()}
    else:
        try:
            with tarfile.open(path) as archive:
                members = {Path(m.name).name: archive.extractfile(m).read() for m in archive if m.isfile()}
        except tarfile.TarError as error:
            raise DatasetError(f"'{path}' is neither a folder nor a tar archive of CIFAR-10 ({error})") from error
    if "labels.npz" in members:
        return _from_mosaics(members)
    if "data_batch_1" in members:
        return _from_pickles(members)
    raise DatasetError(f"'{path}' holds neither data_batch_1 nor labels.npz, so it is not CIFAR-10 in a known form")


def _from_mosaics(members):
    def batch(name):
        mosaic = np.asarray(Image.open(io.BytesIO(members[name])).convert("RGB"))
        tiles = mosaic.reshape(100, 32, 100, 32, 3).transpose(0, 2, 1, 3, 4)
        return tiles.reshape(10000, 32, 32, 3)

    labels = np.load(io.BytesIO(members["labels.npz"]))
    return {
        "x_train": np.concatenate([batch(f"data_batch_{i}.webp") for i in range(1, 6)]),
        "y_train": labels["y_train"],
        "x_test": batch("test_batch.webp"),
        "y_test": labels["y_test"],
    }


def _from_pickles(members):
    def batch(name):
        record = pickle.loads(members[name], encoding="bytes")
        images = np.asarray(record[b"data"], dtype=np.uint8).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        return np.ascontiguousarray(images), np.asarray(record[b"labels"], dtype=np.uint8)

    train = [batch(f"data_batch_{i}") for i in range(1, 6)]
    x_test, y_test = batch("test_batch")
    return {
        "x_train": np.concatenate([x for x, _ in train]),
        "y_train": np.concatenate([y for _, y in train]),
        "x_test": x_test,
        "y_test": y_test,
    }
