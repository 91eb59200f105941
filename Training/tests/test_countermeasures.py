"""Checks countermeasures by scipy's filters, Pillow's codecs and their papers' properties."""

import io

import numpy as np
import pytest
import torch
from evaluate import countermeasures, mixing, projection, shapes, spectra, ueraser
from learners import adversary
from PIL import Image
from scipy import ndimage


@pytest.fixture(scope="module")
def pixels():
    rng = np.random.default_rng(3)
    smooth = ndimage.gaussian_filter(rng.uniform(0, 255, (3, 32, 32, 3)), (0, 2, 2, 0))
    return (
        np.clip(128 + 4 * (smooth - 128) + rng.normal(0, 5, smooth.shape), 0, 255).astype(np.uint8)
    )


@pytest.mark.parametrize("name", countermeasures.ALL)
def test_each_keeps_shape_and_type_and_is_repeatable(pixels, name):
    out = countermeasures.ALL[name](pixels, 4)
    assert out.shape == pixels.shape and out.dtype == np.uint8
    assert (out == countermeasures.ALL[name](pixels, 4)).all()
    untouched = name in ("vanilla", "Gaussian filter (paper)")
    assert (out == pixels).all() == untouched


def test_filters_are_scipys(pixels):
    mean = ndimage.uniform_filter(pixels.astype(float), (1, 3, 3, 1), mode="mirror")
    assert np.abs(countermeasures.mean_filter(pixels, 0) - mean).max() <= 0.5 + 1e-4
    median = ndimage.median_filter(pixels, (1, 3, 3, 1), mode="nearest")
    assert (countermeasures.median_filter(pixels, 0) == median).all()
    blurred = ndimage.gaussian_filter(
        pixels.astype(float), (0, 0.8, 0.8, 0), mode="mirror", truncate=1.25
    )
    assert np.abs(countermeasures.gaussian_filter(pixels, 0) - blurred).max() <= 0.5 + 1e-3


def test_two_bits_and_gray(pixels):
    assert set(np.unique(countermeasures.bit_depth_2(pixels, 0))) <= {0, 64, 128, 192}
    r, g, b = (pixels[..., c].astype(int) for c in range(3))
    luminance = (19595 * r + 38470 * g + 7471 * b + 32768) >> 16
    assert (countermeasures.grayscale(pixels, 0) == luminance[..., None]).all()


def test_noise_has_the_papers_deviation_and_follows_the_seed():
    gray = np.full((4, 64, 64, 3), 128, np.uint8)
    noise = countermeasures.gaussian_noise(gray, 1).astype(float) - 128
    assert noise.std() == pytest.approx(25.5, rel=0.02) and abs(noise.mean()) < 0.5
    assert not (
        countermeasures.gaussian_noise(gray, 2) == countermeasures.gaussian_noise(gray, 1)
    ).all()


@pytest.mark.parametrize("quality, name", [(10, "JPEG 10"), (50, "JPEG 50")])
def test_jpeg_is_a_file_of_that_quality(pixels, quality, name):
    stream = io.BytesIO()
    Image.fromarray(pixels[1]).save(stream, "JPEG", quality=quality)
    # The standard's luminance table starts with 16, scaled by 5 at quality 10 and by 1 at 50.
    assert Image.open(stream).quantization[0][0] == {10: 80, 50: 16}[quality]
    assert (countermeasures.ALL[name](pixels, 0)[1] == np.asarray(Image.open(stream))).all()


def test_cutout_blackens_a_square_of_half_the_side():
    images = torch.ones(64, 3, 32, 32)
    out, _ = mixing.cutout(images, torch.zeros(64, 10), np.random.default_rng(0))
    areas = (out[:, 0] == 0).sum((1, 2))
    assert areas.max() == 256 and areas.min() >= 64
    assert (images == 1).all()


def test_cutmix_gives_every_label_the_share_of_its_area():
    # Image k is all k, so the expected labels follow from the pixels.
    images = torch.arange(10.0)[:, None, None, None].expand(10, 3, 32, 32).clone()
    out, labels = mixing.cutmix(images, torch.eye(10), np.random.default_rng(1), boxes=1)
    shares = torch.stack([(out[:, 0] == k).float().mean((1, 2)) for k in range(10)], 1)
    assert torch.allclose(labels, shares)
    assert 0 < (labels.max(1).values < 1).sum() < 10
    again, labels = mixing.cutmix(images, torch.eye(10), np.random.default_rng(1))
    assert labels.sum(1).numpy() == pytest.approx(np.ones(10))
    assert max(len(image.unique()) for image in again) >= 3


def test_mixup_blends_pixels_and_labels_alike():
    images = torch.arange(10.0)[:, None, None, None].expand(10, 3, 4, 4).clone()
    out, labels = mixing.mixup(images, torch.eye(10), np.random.default_rng(1))
    assert (labels @ torch.arange(10.0)).numpy() == pytest.approx(out[:, 0, 0, 0].numpy(), abs=1e-4)
    assert not torch.equal(out, images)


@pytest.mark.parametrize(
    "name, order, radius",
    [
        ("adversarial Linf", float("inf"), 8 / 255),
        ("adversarial Linf 4/255", float("inf"), 4 / 255),
        ("adversarial L2", 2, 1.0),
    ],
)
def test_attacks_raise_the_loss_within_their_radius(name, order, radius):
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Flatten(), torch.nn.Linear(768, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)
    )
    images, labels = torch.rand(8, 3, 16, 16) - 0.5, torch.arange(8)
    changed = adversary.ALL[name](model, images, labels)
    loss = torch.nn.functional.cross_entropy
    assert loss(model(changed), labels) > loss(model(images), labels) + 0.05
    lengths = (changed - images).flatten(1).norm(order, dim=1)
    assert lengths.max() <= radius + 1e-5 and lengths.max() > 0.9 * radius
    assert changed.abs().max() <= 0.5 and not changed.requires_grad and model.training


def test_projection_takes_out_what_a_linear_model_reads():
    x, y = shapes.generate(400, 0)
    marked = x.copy()
    marked[np.arange(400), 0, y] = 255
    basis = projection.linear_directions(marked, y, 0)
    assert torch.allclose(basis.T @ basis, torch.eye(10), atol=1e-4)
    projected = projection.project(marked, y, 0).reshape(400, -1) / 255
    assert np.abs(projected @ basis.numpy()).max() < 1e-3


def test_equal_spectra_take_a_wave_out_that_one_class_has_and_leave_the_rest():
    rng = np.random.default_rng(5)
    smooth = ndimage.gaussian_filter(rng.uniform(0, 255, (600, 32, 32, 3)), (0, 1, 1, 0))
    clean = np.clip(128 + 3 * (smooth - 128), 0, 255).astype(np.uint8)
    labels = np.arange(600) % 6
    phase = rng.uniform(0, 2 * np.pi, (600, 1, 1, 1))
    # Six cycles across and two down, at a random phase in every image of class 2.
    y, x = np.mgrid[:32, :32]
    wave = (
        8
        * np.sin(2 * np.pi * (6 * x + 2 * y) / 32 + phase[..., 0])[..., None]
        * (labels == 2)[:, None, None, None]
    )
    given = np.clip(np.rint(clean + wave), 0, 255).astype(np.uint8)

    def at_wave(pixels):
        return np.abs(np.fft.fft2(pixels[labels == 2].astype(float).mean(3))[:, 2, 6]).mean()

    out = spectra.equalize(given, labels)
    assert at_wave(given) > 2 * at_wave(clean)
    assert at_wave(out) < 1.3 * at_wave(clean)
    others = labels != 2
    assert np.abs(out[others].astype(int) - clean[others]).mean() < 3
    # Nothing is attenuated when all classes are alike.
    assert np.abs(spectra.equalize(clean, labels).astype(int) - clean).mean() < 3


def test_plasma_is_a_smooth_cloud_over_the_whole_range():
    generator = torch.Generator().manual_seed(0)
    clouds = ueraser.plasma(16, 32, 32, torch.full((16, 1, 1, 1), 0.5), generator)
    assert clouds.shape == (16, 1, 32, 32)
    assert torch.equal(clouds.amin((2, 3)), torch.zeros(16, 1)) and torch.equal(
        clouds.amax((2, 3)), torch.ones(16, 1)
    )
    step = (clouds[..., 1:] - clouds[..., :-1]).abs().mean()
    shuffled = clouds.flatten()[torch.randperm(clouds.numel(), generator=generator)]
    assert step < 0.3 * (shuffled[1:] - shuffled[:-1]).abs().mean()


def test_ueraser_draws_differ_and_keep_the_range():
    torch.manual_seed(0)
    images = torch.rand(6, 3, 32, 32)
    out = ueraser.augment_each(images, 3, torch.Generator().manual_seed(1))
    assert out.shape == (18, 3, 32, 32) and 0 <= out.min() and out.max() <= 1
    assert not torch.equal(out[:6], out[6:12])
