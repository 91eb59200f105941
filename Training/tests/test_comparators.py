"""The comparators have the properties by which their papers define them."""

import learners
import numpy as np
import pytest
from evaluate import backbone, cache, comparators, error_minimizing, quality, rows, shapes
from evaluate.setting import Product


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    return rng.integers(20, 236, (60, 32, 32, 3)).astype(np.uint8), np.arange(60) % 3


def test_linearly_separable_patches_can_be_told_apart_by_a_linear_rule(images):
    pixels, labels = images
    delta = comparators.linearly_separable(pixels, labels, 0).astype(float) - pixels
    assert np.abs(delta).max() <= 8
    blocks = delta.reshape(60, 4, 8, 4, 8, 3)
    assert (blocks == blocks[:, :, :1, :, :1]).all()
    points = blocks[:, :, 0, :, 0].reshape(60, 48)
    centres = np.stack([points[labels == k].mean(0) for k in range(3)])
    assert (((points[:, None] - centres) ** 2).sum(2).argmin(1) == labels).all()


def test_autoregressive_fields_answer_only_to_the_filters_of_other_classes():
    rng = np.random.default_rng(1)
    windows = comparators._autoregressive_windows(2, rng)
    for c in range(3):
        own = comparators._autoregress(windows[1][c], 4, 32, 32, rng)
        assert np.abs(comparators._answer(windows[1][c], own)).max() < 1e-6
        assert comparators._answer(windows[0][c], own).min() > 1


def test_autoregressive_noise_has_at_most_norm_one_under_the_bound(images):
    pixels, labels = images
    delta = comparators.autoregressive(pixels, labels, 0).astype(float) - pixels
    lengths = np.sqrt(((delta / 255) ** 2).sum((1, 2, 3)))
    assert np.abs(delta).max() <= 8 and 0.6 < lengths.min() and lengths.max() < 1.05


def test_one_pixel_is_the_same_in_a_class_and_another_in_the_next(images):
    pixels, labels = images
    released = comparators.one_pixel(pixels, labels, 0)
    places = set()
    for label in range(3):
        changed = (released != pixels)[labels == label].any((0, 3))
        assert changed.sum() == 1
        (place,) = np.argwhere(changed)
        colours = np.unique(released[labels == label][:, place[0], place[1]], axis=0)
        assert len(colours) == 1 and set(colours[0]) <= {0, 255}
        places.add((*place, *colours[0]))
    assert len(places) == 3


def test_induced_linearity_reaches_the_bound(images):
    pixels, labels = images
    delta = comparators.induced_linearity(pixels, labels, 0).astype(int) - pixels
    assert np.abs(delta).max() == 8 and (delta != 0).mean() > 0.5


def test_quality_of_a_set():
    rng = np.random.default_rng(2)
    pixels = rng.integers(8, 248, (3, 24, 20, 3)).astype(np.uint8)
    assert quality.psnr(pixels, pixels) is None
    assert quality.ssim(pixels, pixels) == pytest.approx(1)
    assert quality.psnr(pixels, pixels + 8) == pytest.approx(20 * np.log10(255 / 8), abs=1e-6)
    # A shift of the mean leaves variances unchanged, so only the luminance term is below one.
    x = pixels @ np.array([0.299, 0.587, 0.114])
    assert 0.99 < quality.ssim(pixels, pixels + 8) < 1 and x.std() > 30


def test_mixtures_take_their_share_of_every_class(images, monkeypatch):
    pixels, labels = images
    monkeypatch.setattr(rows.product, "protect", lambda binary, weights, x, *rest: 255 - x)
    tool = Product("", "", None, ("a", "b", "c"))
    mixed, mixed_labels, *_ = rows.ALL["20% class-wise, rest clean"](pixels, labels, 0, tool)
    alone, alone_labels, *_ = rows.ALL["the clean 80% alone"](pixels, labels, 0, tool)
    changed = (mixed != pixels).any((1, 2, 3))
    assert [changed[labels == k].sum() for k in range(3)] == [4, 4, 4]
    assert (
        (mixed_labels == labels).all()
        and (alone == pixels[~changed]).all()
        and (alone_labels == labels[~changed]).all()
    )


@pytest.mark.parametrize(
    "name, millions",
    [
        ("narrow", 0.18),
        ("ResNet-18", 11.17),
        ("ResNet-50", 23.52),
        ("VGG-19", 20.04),
        ("DenseNet-121", 6.96),
    ],
)
def test_learners_have_the_size_of_the_tables_networks(name, millions):
    import torch

    network = learners.ALL[name](10)
    count = sum(p.numel() for p in network.parameters()) / 1e6
    assert count == pytest.approx(millions, abs=0.02 if millions > 1 else 0.15)
    assert network.eval()(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_the_backbone_has_the_published_layers_and_refuses_other_files(tmp_path):
    import torch
    from safetensors.torch import save_file

    network = backbone.EfficientNetLite0()
    assert sum(p.numel() for p in network.parameters()) == 4_652_008
    state = {
        k: v.half() if v.dtype == torch.float else v
        for k, v in network.state_dict().items()
        if "tracked" not in k
    }
    save_file(state, tmp_path / "a")
    tuned = backbone.pretrained(tmp_path / "a", 10, 0).eval()
    assert tuned(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert torch.equal(tuned._conv_stem.weight, state["_conv_stem.weight"].float())
    del state["_fc.bias"]
    save_file(state, tmp_path / "b")
    with pytest.raises(ValueError, match="_fc.bias"):
        backbone.pretrained(tmp_path / "b", 10, 0)


def test_same_padding_puts_the_odd_pixel_at_the_end():
    import torch

    layer = backbone.SameConv(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(layer.weight)
    assert layer(torch.ones(1, 1, 4, 4))[0, 0].tolist() == [[9, 6], [6, 4]]


def test_error_minimising_noise_makes_its_surrogate_right_within_the_bound():
    pixels, labels = shapes.generate(150, 0)

    def run(noise_steps):
        lines = []
        recipe = error_minimizing.Recipe(
            "narrow", batch=50, surrogate_steps=12, noise_steps=noise_steps, rounds=6
        )
        released = error_minimizing.perturb(pixels, labels, 0, recipe, lines.append)
        return released.astype(int) - pixels, float(lines[-1].split()[2])

    delta, errors = run(8)
    unchanged, errors_without = run(0)
    assert (unchanged == 0).all() and 4 <= np.abs(delta).max() <= 8
    assert errors < errors_without - 10
    # Sample-wise: two images of a class get different noise.
    first, second = np.flatnonzero(labels == labels[0])[:2]
    assert (delta[first] != delta[second]).any()


def test_a_stored_set_is_made_once_for_the_same_parts(tmp_path):
    made = []

    def make():
        made.append(1)
        return np.arange(len(made))

    first = cache.stored(tmp_path, [b"a", b"b"], make)
    assert (cache.stored(tmp_path, [b"a", b"b"], make) == first).all() and len(made) == 1
    assert len(cache.stored(tmp_path, [b"ab", b""], make)) == 2
