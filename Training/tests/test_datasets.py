"""Data sets in the forms their authors publish."""

import io
import pickle
import tarfile

import numpy as np
import pytest
from evaluate import datasets
from PIL import Image


def add(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def test_cifar10s_pickles_are_read(tmp_path):
    path = tmp_path / "cifar.tar"
    with tarfile.open(path, "w") as archive:
        for index, name in enumerate([f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]):
            planes = np.full((2, 3072), index, np.uint8)
            planes[:, :1024] = 200
            add(
                archive,
                f"cifar-10-batches-py/{name}",
                pickle.dumps({b"data": planes, b"labels": [index, 9]}),
            )
    data = datasets.load(path)
    assert data.x_train.shape == (10, 32, 32, 3) and len(data.names) == 10
    assert data.x_train[2, 0, 0].tolist() == [200, 1, 1]
    assert data.y_test.tolist() == [5, 9]


def test_cifar100s_pickles_are_read_with_their_fine_labels(tmp_path):
    folder = tmp_path / "cifar-100-python"
    folder.mkdir()
    names = [f"name{i}".encode() for i in range(100)]
    (folder / "meta").write_bytes(
        pickle.dumps({b"fine_label_names": names, b"coarse_label_names": []})
    )
    for part, label in (("train", 7), ("test", 99)):
        record = {
            b"data": np.full((1, 3072), label, np.uint8),
            b"fine_labels": [label],
            b"coarse_labels": [1],
        }
        (folder / part).write_bytes(pickle.dumps(record))
    data = datasets.load(tmp_path)
    assert (
        data.y_train.tolist() == [7] and data.y_test.tolist() == [99] and data.names[99] == "name99"
    )
    assert (data.x_test == 99).all()


def test_class_folders_are_read_at_the_smallest_side(tmp_path):
    for part, count in (("train", 3), ("val", 1)):
        for label, name in enumerate(("b_church", "a_tench")):
            place = tmp_path / part / name
            place.mkdir(parents=True)
            for i in range(count):
                Image.new("RGB", (60 + 10 * i, 48), (100 * label, 0, 0)).save(place / f"{i}.png")
    data = datasets.load(tmp_path)
    assert data.names == ("a_tench", "b_church")
    assert data.x_train.shape == (6, 48, 48, 3) and data.x_test.shape == (2, 48, 48, 3)
    assert (data.x_train[:, 0, 0, 0] == 100 * (1 - data.y_train)).all()
    assert data.digest() == datasets.load(tmp_path).digest()
    Image.new("RGB", (60, 48), (1, 1, 1)).save(tmp_path / "val/a_tench/9.png")
    assert datasets.load(tmp_path).digest() != data.digest()
    (tmp_path / "val/unknown").mkdir()
    Image.new("RGB", (60, 48)).save(tmp_path / "val/unknown/0.png")
    with pytest.raises(datasets.DatasetError, match="never learnt"):
        datasets.load(tmp_path)


def test_what_is_no_data_set_is_told_in_one_clear_sentence(tmp_path):
    with pytest.raises(datasets.DatasetError, match="make prove CIFAR10="):
        datasets.load(tmp_path / "nothing")
    with pytest.raises(datasets.DatasetError, match="known form"):
        datasets.load(tmp_path)
    (tmp_path / "file").write_text("x")
    with pytest.raises(datasets.DatasetError, match="tar archive"):
        datasets.load(tmp_path / "file")
