"""The evaluation harness can see and can fail: on generated shapes, in under a minute."""

import io
import tarfile

import numpy as np
import pytest
import torch
from evaluate import cifar10, classifier, countermeasures, perturbations, report, shapes


@pytest.fixture(scope="module")
def accuracies():
    torch.set_num_threads(1)
    x, y = shapes.generate(3000, 0)
    x_test, y_test = shapes.generate(1000, 1)

    def learn(images):
        _, history = classifier.train(images, y, x_test, y_test, 0, epochs=8, widths=(16, 32, 64), pad=2, batch=64)
        return history[-1]

    return {
        "clean": learn(x),
        "zero": learn(perturbations.zero(x, y, 0)),
        "control": learn(perturbations.random_noise(x, y, 0)),
    }


def test_the_classifier_learns_the_clean_shapes(accuracies):
    assert accuracies["clean"] >= 90


def test_no_perturbation_gives_clean_accuracy(accuracies):
    assert accuracies["zero"] == pytest.approx(accuracies["clean"], abs=1)


def test_the_control_lowers_accuracy(accuracies):
    assert accuracies["control"] <= accuracies["clean"] - 10


@pytest.mark.parametrize("make", [perturbations.random_noise, perturbations.smooth_noise])
def test_perturbations_are_class_wise_and_bounded(make):
    labels = np.arange(40) % 10
    pixels = np.full((40, 16, 16, 3), 100, np.uint8)
    delta = make(pixels, labels, 7).astype(int) - pixels
    assert 0 < np.abs(delta).max() <= perturbations.EPSILON
    assert (delta[:10] == delta[10:20]).all()
    assert not (delta[0] == delta[1]).all()
    assert not (delta == make(pixels, labels, 8).astype(int) - pixels).all()


def test_countermeasures_do_what_their_names_say():
    pixels = shapes.generate(4, 0)[0]
    gray = countermeasures.grayscale(pixels)
    assert (gray[..., 0] == gray[..., 1]).all() and (gray[..., 1] == gray[..., 2]).all()
    assert not (countermeasures.jpeg50(pixels) == pixels).all()
    assert (countermeasures.vanilla(pixels) == pixels).all()


def cell(row, column, accuracy, psnr=32.0):
    return {"row": row, "column": column, "seed": 0, "accuracy": accuracy, "peak": accuracy, "psnr": psnr, "largest_delta": 8}


def judge(clean, control, shipped):
    records = [
        cell("clean", "vanilla", clean, None),
        cell("random noise (control)", "vanilla", control),
        cell("palimpsest", "vanilla", shipped),
    ]
    return report.verdict(report.summarize(records))


def test_a_harness_that_cannot_see_gives_no_verdict():
    assert judge(59, 11, 12)[0].startswith("No verdict")
    assert judge(75, 21, 12)[0].startswith("No verdict")


def test_the_verdict_can_fail():
    assert judge(75, 11, 12)[0].startswith("Reached")
    assert judge(75, 11, 30)[0].startswith("Missed")


def test_the_table_gives_mean_and_range_over_the_seeds():
    records = [{**cell("palimpsest", "vanilla", a), "seed": s} for s, a in enumerate((10.0, 12.0, 17.0))]
    assert "| palimpsest | 13.0 (10.0-17.0) | 32.00 | 8 |" in report.table(report.summarize(records))


def test_official_pickles_are_read(tmp_path):
    import pickle

    path = tmp_path / "cifar.tar"
    with tarfile.open(path, "w") as archive:
        for index, name in enumerate([f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]):
            planes = np.full((2, 3072), index, np.uint8)
            planes[:, :1024] = 200
            content = pickle.dumps({b"data": planes, b"labels": [index, 9]})
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    data = cifar10.load(path)
    assert data["x_train"].shape == (10, 32, 32, 3)
    assert data["x_train"][2, 0, 0].tolist() == [200, 1, 1]
    assert data["y_test"].tolist() == [5, 9]


def test_absent_data_is_one_clear_sentence(tmp_path):
    with pytest.raises(cifar10.DatasetError, match="make prove CIFAR10="):
        cifar10.load(tmp_path / "nothing")
