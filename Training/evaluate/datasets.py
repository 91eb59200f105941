"""Labelled training and test images, loaded from any of the supported forms."""

import tarfile
from pathlib import Path

from . import cifar, folders
from .dataset import Dataset, DatasetError

__all__ = ("Dataset", "DatasetError", "contents", "load")


def load(path):
    """Loads CIFAR-10, CIFAR-100, or any data set of class folders, such as Imagenette.

    CIFAR is `cifar-10-python.tar.gz` (or CIFAR-100's), the folder unpacked from it, or a tar of
    lossless mosaics. Class folders are a folder or tar of `train/CLASS/*.jpg` and
    `test/CLASS/*.jpg` (or `val`).

    Raises DatasetError.
    """
    path = Path(path)
    if not path.exists():
        raise DatasetError(
            f"there is no data set at '{path}': download cifar-10-python.tar.gz from its authors' "
            "page and name it, for example: make prove CIFAR10=cifar-10-python.tar.gz"
        )
    files = contents(path)
    names = {name.name for name in files}
    for reader in (cifar, folders):
        if reader.knows(names, files):
            return reader.read(files)
    raise DatasetError(
        f"'{path}' is no data set in a known form: it holds neither CIFAR's batches nor "
        "train/CLASS and test/CLASS (or val/CLASS)"
    )


def contents(path):
    """{relative path: bytes} of all files in a folder or tar archive. Raises DatasetError."""
    return _folder(path) if path.is_dir() else _archive(path)


def _folder(path):
    return {
        place.relative_to(path): place.read_bytes()
        for place in sorted(path.rglob("*"))
        if place.is_file()
    }


def _archive(path):
    try:
        with tarfile.open(path) as archive:
            return {
                Path(member.name): archive.extractfile(member).read()
                for member in archive
                if member.isfile()
            }
    except tarfile.TarError as error:
        raise DatasetError(f"'{path}' is neither a folder nor a tar archive ({error})") from error
