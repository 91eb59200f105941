"""Attackers who know the product must remove made-up signals and leave other images alone."""

import io
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from deephiding.semantic_images import class_outline
from evaluate import (
    cells, classifier, columns, components, countermeasures, datasets, detector, disentangling,
    displacement, own_copy, product, purifier, ring,
    rows, setting, spectrum, splits, waves,
)  # fmt: skip
from PIL import Image
from scipy import ndimage

SIDE = 32


def pictures(count, seed, side=SIDE):
    """Noise whose amplitude falls with frequency, as in images: uint8 (count, side, side, 3)."""
    rng = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(side, 1 / side)[:, None], np.fft.fftfreq(side, 1 / side)[None]
    fall = 1 / np.maximum(np.hypot(down, across), 1) ** 1.2
    gray, colour = (
        np.fft.ifft2(np.fft.fft2(rng.standard_normal((count, n, side, side))) * fall).real
        for n in (1, 3)
    )
    planes = 128 + 30 * gray / gray.std() + 8 * colour / colour.std()
    return np.clip(np.rint(planes.transpose(0, 2, 3, 1)), 0, 255).astype(np.uint8)


def wave(vertical, horizontal, phase, side=SIDE):
    y, x = np.mgrid[0:side, 0:side] / side
    return np.sin(2 * np.pi * (vertical * y + horizontal * x) + phase)


def waved(pixels, labels, drawn, amplitude, seed):
    """Adds each class's (luminance wave, blue wave) at random phases.

    Red and green carry the first, blue the second.
    """
    rng = np.random.default_rng(seed)
    result = pixels.astype(float)
    for i, label in enumerate(labels):
        luminance, blue = (
            wave(*frequency, rng.uniform(0, 6.3), pixels.shape[1]) for frequency in drawn[label]
        )
        result[i] += amplitude * np.stack([luminance, luminance, blue], -1)
    return np.clip(np.rint(result), 0, 255).astype(np.uint8)


# (vertical, horizontal) cycles per side of each class's wave in luminance and in blue.
DRAWN = {
    0: ((5.3, 1.2), (7.9, 3.1)),
    1: ((-2.1, 5.6), (4.0, -7.6)),
    2: ((4.2, 4.4), (8.6, 0.4)),
    3: ((0.7, 6.1), (-5.1, 6.9)),
}


@pytest.fixture(scope="module")
def made_up():
    """(clean, with waves, labels) of four classes."""
    clean, labels = pictures(400, 0), np.arange(400) % 4
    return clean, waved(clean, labels, DRAWN, 6, 1), labels


def share_left(before, after):
    """RMS difference of two sets after both were processed, relative to that before."""
    first, second = (np.sqrt(np.mean((a.astype(float) - b) ** 2)) for a, b in (before, after))
    return second / first


def test_every_wave_of_every_class_is_found(made_up):
    _, released, labels = made_up
    found = {
        (w.label, w.channel): np.array([w.vertical, w.horizontal])
        for w in waves.find(released, labels)
    }
    for label, drawn in DRAWN.items():
        for channel, frequency in enumerate(drawn):
            frequency = np.array(frequency)
            # A real wave's spectrum has two peaks, opposite each other.
            distance = min(
                np.linalg.norm(found[label, channel] - sign * frequency) for sign in (1, -1)
            )
            assert distance <= 0.5, (label, channel, found[label, channel])


def test_the_basis_is_orthonormal_and_holds_the_waves_at_any_phase():
    basis = waves.basis([waves.Wave(0, 0, 5.3, 1.2, 1.0)], SIDE, SIDE)
    assert basis.T @ basis == pytest.approx(np.eye(basis.shape[1]), abs=1e-9)
    for phase in (0, 1, 2):
        # Found only to a quarter of a cycle.
        signal = wave(5.4, 1.1, phase).ravel()
        assert np.linalg.norm(signal - basis @ (basis.T @ signal)) < 0.1 * np.linalg.norm(signal)


def test_wave_projection_takes_the_waves_and_keeps_the_pictures(made_up):
    clean, released, labels = made_up
    basis = waves.basis(waves.find(released, labels), SIDE, SIDE)
    cleaned = waves.project_out(clean, basis)
    assert share_left((released, clean), (waves.project_out(released, basis), cleaned)) < 0.25
    assert cleaned.dtype == np.uint8
    assert (cleaned.mean((1, 2)) == pytest.approx(clean.mean((1, 2)), abs=1))
    assert np.std(cleaned.astype(float) - clean) < 0.5 * np.std(clean)


def test_the_overtones_of_clipped_waves_are_found_on_what_the_first_search_leaves():
    clean, labels = pictures(400, 4), np.arange(400) % 4
    rng = np.random.default_rng(5)
    clipped = [2 * wave(*DRAWN[label][0], rng.uniform(0, 6.3)) for label in labels]
    released = (
        np.clip(np.rint(clean + 8 * np.clip(clipped, -1, 1)[..., None]), 0, 255).astype(np.uint8)
    )
    shares = []
    for found in (waves.find(released, labels), waves.search(released, labels)):
        basis = waves.basis(found, SIDE, SIDE)
        shares.append(
            share_left(
                (released, clean),
                (waves.project_out(released, basis), waves.project_out(clean, basis)),
            )
        )
    assert shares[1] < 0.75 * shares[0], shares


def test_the_waves_come_out_of_test_pictures_too_and_no_class_can_be_told_by_what_is_missing(
    made_up
):
    clean, released, labels = made_up
    trained, tested = waves.project(released, labels, clean)
    for images in (trained, tested):
        for vertical, horizontal in (frequency for drawn in DRAWN.values() for frequency in drawn):
            carrier = np.exp(
                1j
                * 2
                * np.pi
                * np.add.outer(vertical * np.arange(SIDE), horizontal * np.arange(SIDE))
                / SIDE
            )
            planes = images.astype(float) - images.mean((1, 2), keepdims=True)
            amplitudes = 2 * abs((planes * carrier[..., None]).mean((1, 2)))
            assert amplitudes.mean() < 0.3


def test_the_report_says_how_many_of_the_generators_waves_were_found():
    labels = np.arange(300) % 3
    drawn = {
        label: tuple(
            (np.sin(direction) * SIDE / wavelength, np.cos(direction) * SIDE / wavelength)
            for direction, wavelength in class_outline(1000, label)
        )
        for label in range(3)
    }
    released = waved(pictures(300, 2), labels, drawn, 6, 3)
    assert "luminance 3 of 3" in waves.report(released, labels, 1000)
    assert "luminance 3 of 3" not in waves.report(released, labels, 1001)


def test_ring_stop_takes_waves_of_all_directions_and_keeps_the_rest(made_up):
    clean, released, _ = made_up
    rings = ring.find(released)
    assert {r.channel for r in rings} == {0, 1}
    # Waves of 5.4 to 6.2 cycles in luminance.
    assert rings[0].inner <= 5.5 and rings[0].outer >= 6.1
    stopped = ring.stop(clean, rings)
    assert share_left((released, clean), (ring.stop(released, rings), stopped)) < 0.5
    low, low_stopped = (
        ndimage.gaussian_filter(images.astype(float), (0, 4, 4, 0)) for images in (clean, stopped)
    )
    assert np.std(low_stopped - low) < 0.15 * np.std(low)


def test_ring_stop_leaves_pictures_without_a_ring_alone(made_up):
    clean, _, _ = made_up
    assert ring.find(clean) == []
    assert (ring.stop(clean, []) == clean).all()


def test_the_ring_of_an_own_copy_is_taken_out_of_every_row(table, monkeypatch):
    """The stand-in's wave repeats every 4 of 16 pixels; every row loses it, clean or not."""
    asked = []
    monkeypatch.setattr(
        ring,
        "find",
        lambda pixels: asked.append(pixels) or [ring.Ring(spectrum.LUMINANCE, 3.6, 4.4, 1.0)],
    )
    monkeypatch.setattr(
        classifier,
        "train",
        lambda images, labels, *rest, **options: (None, [np.ptp(images.mean((0, 1, 3)))]),
    )
    left = [
        cells.measure(table, row, columns.RING_KNOWN, 0)["accuracy"]
        for row in (rows.CLEAN, rows.SAMPLE_WISE)
    ]
    assert max(left) < 6
    # Not the row's own images: those of the attacker's copy, two keys of thirty photos, with the
    # wave.
    assert all(len(pixels) == 60 and np.ptp(pixels.mean((0, 1, 3))) > 12 for pixels in asked)


def smooth_pictures(count, seed, side=16):
    rng = np.random.default_rng(seed)
    planes = ndimage.gaussian_filter(rng.uniform(-128, 128, (count, side, side, 3)), (0, 3, 3, 0))
    return np.clip(np.rint(128 + 5 * planes), 0, 255).astype(np.uint8)


@pytest.fixture
def quick(monkeypatch):
    """A purifier of a few thousand parameters that trains in seconds."""
    for name, value in (("WIDTHS", (12, 16, 16)), ("RATE", 5e-3), ("STEPS", 200), ("BATCH", 16)):
        monkeypatch.setattr(purifier, name, value)
    for name, value in (("WIDTH", 16), ("RATE", 5e-3), ("STEPS", 300), ("BATCH", 16)):
        monkeypatch.setattr(disentangling, name, value)


def test_a_purifier_learns_from_pairs_what_others_pictures_carry(quick):
    """A wave at random phases; the training pairs and the purified photos are disjoint."""
    ours, theirs = smooth_pictures(40, 5), smooth_pictures(200, 6)
    drawn = {0: ((4.0, 1.0), (4.0, 1.0))}
    released, others = (
        waved(ours, np.zeros(40, int), drawn, 7, 7), waved(theirs, np.zeros(200, int), drawn, 7, 8)
    )
    model = purifier.train(others, theirs, 0, steps=300)
    assert share_left((released, ours), (purifier.purify(model, released), ours)) < 0.6


def test_a_purifier_takes_any_size_and_changes_nothing_before_it_has_learnt():
    model = purifier.UNet().eval()
    odd = pictures(2, 0, 36)[:, :31, :27]
    assert (purifier.purify(model, odd) == odd).all()


def fake_binary(folder, amplitude):
    """A stand-in for the product: a script that adds the same vertical wave to every PNG."""
    script = Path(folder) / "palimpsest"
    script.write_text(
        f"""#!{sys.executable}
import sys
from pathlib import Path
import numpy as np
from PIL import Image
source, out = Path(sys.argv[2]), Path(sys.argv[sys.argv.index("--out") + 1])
for path in source.rglob("*.png"):
    pixels = np.asarray(Image.open(path)).astype(float)
    wave = {amplitude} * np.sin(2 * np.pi * np.arange(pixels.shape[1]) / 4)
    target = out / path.relative_to(source)
    target.parent.mkdir(parents=True, exist_ok=True)
    levels = np.clip(np.rint(pixels + wave[None, :, None]), 0, 255).astype(np.uint8)
    Image.fromarray(levels).save(target)
"""
    )
    script.chmod(0o755)
    return script


@pytest.fixture
def table(tmp_path, monkeypatch, quick):
    """A setting over 16x16 images with few steps and few photos, so that a cell takes a second."""
    x, y = smooth_pictures(3200, 9), np.arange(3200) % 2
    data = datasets.Dataset(x, y, x[:20], y[:20], ("cat", "dog"))
    monkeypatch.setattr(datasets, "load", lambda path: data)
    monkeypatch.setattr(product, "tensors_sha256", lambda path: "0" * 64)
    monkeypatch.setattr(cells.weights, "network_sha256", lambda path, masked: f"sha of {path}")
    monkeypatch.setattr(own_copy, "PHOTOS", 30)
    monkeypatch.setattr(own_copy, "KEYS", 2)
    tool = setting.Product(str(fake_binary(tmp_path, 8)), "weights", tmp_path / "cache", data.names)
    return setting.Setting("", "", "validation", 60, classifier.Recipe(epochs=1), tool, tmp_path)


def test_a_purifiers_cell_says_what_is_left_of_the_perturbation(table):
    record = cells.measure(table, rows.SAMPLE_WISE, columns.OTHER_KEYS, 0)
    assert record["delta_left"] < 0.5 and record["purified_psnr"] > record["psnr"] + 5
    assert cells.measure(table, rows.CLEAN, columns.OTHER_KEYS, 0)["delta_left"] is None
    # Purified images of two rows, pairs of two keys, one row's set, and one network, which the rows
    # share.
    assert len(list(table.tool.cache.glob("*.npy"))) == 6


def test_the_attackers_photos_are_neither_learnt_from_nor_tested_on(table):
    data = datasets.load("")._replace(x_train=np.arange(5000)[:, None], y_train=np.zeros(5000))
    for split in ("test", "validation"):
        x, _, x_test, _ = splits.splits(data, split, 1500)
        taken = set(splits.others(data, split, 1500, 300).ravel())
        assert len(taken) == 300 and not taken & set(x.ravel())
        if split == "validation":
            assert not taken & set(x_test.ravel())
    with pytest.raises(datasets.DatasetError, match="at most 4400"):
        splits.others(data, "test", 0, 600)


def test_cells_of_attackers_with_a_copy_depend_on_its_weights_even_on_clean_pictures(table):
    other = replace(table, tool=replace(table.tool, weights="others"))
    for column, same in (
        (columns.VANILLA, True), (columns.OTHER_KEYS, False), (columns.RING_KNOWN, False)
    ):
        first, second = (
            cells.path(which, rows.CLEAN, column, 0)[0].name for which in (table, other)
        )
        assert (first == second) == same


def test_attackers_keys_are_no_rows_keys():
    attackers = {
        own_copy.family_seed(seed, key) for seed in range(20) for key in range(own_copy.KEYS)
    }
    assert len(attackers) == 20 * own_copy.KEYS
    assert not attackers & {rows.family_seed(seed) for seed in range(1000)}


@pytest.mark.parametrize(
    "column",
    [
        columns.WAVES,
        columns.RING,
        columns.OWN_PAIRS,
        columns.DISENTANGLING,
        columns.COIN,
        columns.SITES,
    ],
)
def test_clean_pictures_are_still_learnt_from(column, tmp_path, quick, monkeypatch):
    """Two classes of different colours, which a countermeasure keeps apart unless it ruins them."""
    monkeypatch.setattr(purifier, "STEPS", 20)
    monkeypatch.setattr(disentangling, "STEPS", 20)
    x, y = pictures(480, 11, 16), np.arange(480) % 2
    x = np.clip(
        x.astype(int) + 30 * (2 * y - 1)[:, None, None, None] * np.array([1, -1, 0]), 0, 255
    ).astype(np.uint8)
    given = rows.TrainingSet(x[:400], y[:400], x[:400])
    tool = setting.Product("", "", tmp_path, ("a", "b"))
    table = setting.Setting("", "", "test", 400, classifier.Recipe(epochs=4), tool, tmp_path)
    assert columns.ALL[column](given, x[400:], y[400:], 0, table)[-1] >= 90


def test_class_means_and_components_take_a_class_wise_pattern_out_and_nothing_else_of_a_class():
    """A pattern per class with a strength per image.

    Its mean goes into the class mean, its spread into a component.
    """
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    clean = np.clip(np.rint(rng.normal(128, 10, (300, 12, 12, 3))), 0, 255)
    patterns, strengths = rng.choice([-1, 1], (3, 12, 12, 3)), rng.uniform(5, 25, 300)
    released = np.clip(
        np.rint(clean + strengths[:, None, None, None] * patterns[labels]), 0, 255
    ).astype(np.uint8)
    left = components.subtract(released, labels).astype(float)
    assert left.mean() == pytest.approx(released.mean(), abs=0.5)
    for label in range(3):
        before, after = (
            (images[labels == label] - 128.0).reshape(100, -1) @ patterns[label].ravel() / 432
            for images in (released, left)
        )
        assert abs(before).mean() > 12 and abs(after - after.mean()).mean() < 0.3
    # Only ten directions of a hundred images' noise are lost with it.
    assert np.std(left - left.mean(0)) > 0.85 * 10


def test_components_of_more_pictures_than_pixels_are_those_of_the_covariance():
    pixels = np.random.default_rng(1).integers(60, 196, (400, 3, 3, 3)).astype(np.uint8)
    flat = components.subtract(pixels, np.zeros(400, int)).reshape(400, -1).astype(float)
    variances = np.linalg.eigvalsh(np.cov(flat.T))
    assert (
        (variances[: components.COMPONENTS] < 1).all()
        and (variances[components.COMPONENTS :] > 100).all()
    )


def test_the_spectrum_classifier_tells_waves_at_any_phase_and_not_the_clean_pictures(made_up):
    clean, released, labels = made_up
    assert detector.spectrum_probe(clean, labels, 0) < 45
    assert detector.spectrum_probe(released, labels, 0) > 90
    assert detector.linear_probe(released, labels, 0) < 60


def test_polar_spectra_put_a_wave_into_its_own_sector():
    def of(vertical, horizontal):
        return (
            np.rint(128 + 50 * wave(vertical, horizontal, 1.0))[None, ..., None]
            .repeat(3, -1)
            .astype(np.uint8)
        )

    flat, first, turned, mirrored = (
        spectrum.polar(of(*f))[0] for f in ((0, 0), (5, 2), (2, 5), (-5, -2))
    )
    assert (first - flat).argmax() != (turned - flat).argmax()
    assert first == pytest.approx(mirrored, abs=0.1)


def test_the_small_d_vae_splits_off_what_the_pictures_of_a_class_share(quick):
    """One wave per class, in the same place in all of its images."""
    labels = np.arange(200) % 2
    clean = (128 + (smooth_pictures(200, 5).astype(float) - 128) / 3).astype(np.uint8)
    patterns = np.stack([wave(4, 1, 0, 16), wave(1, -4, 1, 16)])
    released = np.clip(np.rint(clean + 7 * patterns[labels][..., None]), 0, 255).astype(np.uint8)
    model = disentangling.train(released, labels, 0, disentangling.RATES[0])
    assert (
        share_left((released, clean), (disentangling.subtract(model, released, labels), clean))
        < 0.4
    )


def test_displacement_is_scipys_bilinear_reading_of_places_at_most_two_pixels_away():
    pixels = pictures(2, 3, 20)
    out = displacement.displace(pixels, 5)
    rng = np.random.default_rng([5, 24])
    down, across = rng.uniform(-2, 2, (2, 20, 20))
    places = np.mgrid[0:20, 0:20] + np.stack([down, across])
    for channel in range(3):
        wanted = ndimage.map_coordinates(
            pixels[0, ..., channel].astype(float), places, order=1, mode="nearest"
        )
        assert out[0, ..., channel] == pytest.approx(wanted, abs=0.51)
    assert (
        (out == displacement.displace(pixels, 5)).all()
        and not (out == displacement.displace(pixels, 6)).all()
    )


def test_displacement_drowns_a_regular_pattern_of_three_pixels_and_keeps_slow_content():
    pattern = np.rint(128 + 40 * wave(0, 10, 0, 30))[None, ..., None].repeat(3, -1).astype(np.uint8)
    slow = np.rint(128 + 40 * wave(0, 1, 0, 30))[None, ..., None].repeat(3, -1).astype(np.uint8)

    def kept(pixels):
        moved = displacement.displace(pixels, 0).astype(float) - 128
        return (moved * (pixels - 128.0)).sum() / ((pixels - 128.0) ** 2).sum()

    assert kept(pattern) < 0.4 and kept(slow) > 0.9


def test_what_sites_do_is_pillows_jpeg_then_half_the_size():
    pixels = pictures(2, 4)
    stream = io.BytesIO()
    Image.fromarray(pixels[0]).save(stream, "JPEG", quality=75)
    small = Image.open(stream).resize((16, 16), Image.BILINEAR)
    assert (
        countermeasures.ALL[columns.SITES](pixels, 0)[0]
        == np.asarray(small.resize((32, 32), Image.BILINEAR))
    ).all()
