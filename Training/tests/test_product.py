"""The built binary with the weights of each release, checked by the PyTorch reference."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from deephiding import binding, budget, collage, train, weights
from deephiding.semantic_images import semantic_image
from evaluate import product, rows

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / ".build/release/palimpsest"
SHIPPED = ROOT / "Sources/DeepHiding/Resources/deep-hiding.safetensors"
WAVES = ROOT / "Tests/e2e/fixtures/waves-2026-11-21.safetensors"
FAMILY = 2**63 + 9
NAMES = ["a", "b", "c"]
TABLES = {
    "small pictures": "Training/results/evaluate/quick-test.json",
    "photos": "Training/results/photos/photos.json",
}


@pytest.fixture(scope="module")
def photos():
    from PIL import Image

    crops = []
    for name in ("parrots.jpg", "plane.jpg", "hats.png"):
        photo = np.asarray(Image.open(ROOT / "Tests/e2e/fixtures" / name).convert("RGB"))
        crops += [photo[top : top + 64, left : left + 64] for top, left in ((0, 0), (60, 20))]
    return np.stack(crops), np.array([0, 1, 2, 2, 1, 0])


@pytest.fixture(scope="module")
def released(photos, tmp_path_factory):
    """The pictures as the binary releases them, by weights file and mask."""
    assert BINARY.exists(), f"{BINARY} is missing: run `make build` first"
    folder = tmp_path_factory.mktemp("cache")

    def released(file, mask, mode="class-wise"):
        options = ["--mode", mode, "--mask", mask]
        return product.protect(BINARY, file, *photos, NAMES, FAMILY, folder, options)

    return released


@pytest.mark.parametrize("file", [SHIPPED, WAVES])
def test_the_bound_holds_and_something_was_hidden(photos, released, file):
    difference = np.abs(released(file, "none").astype(int) - photos[0])
    assert difference.max() <= 8
    assert all(picture.mean() > 1 for picture in difference)


def test_waves_reveal_the_secret_of_their_class_and_no_other(photos, released):
    network, _ = weights.load(WAVES)
    torch.manual_seed(0)
    with torch.no_grad():
        revealed = network.reveal(
            torch.from_numpy(released(WAVES, "none")).permute(0, 3, 1, 2).float() / 255
        ).numpy()
    secrets = [semantic_image(*product.assignment(FAMILY, label), 64, 64) for label in range(3)]
    for picture, label in zip(revealed, photos[1]):
        likeness = [np.corrcoef(picture.ravel(), secret.ravel())[0, 1] for secret in secrets]
        assert likeness.pop(label) > 0.5
        assert max(likeness) < 0.2


def reference(file, mask, photos):
    """The pictures before they are rounded: (N, 3, 64, 64) in levels."""
    masked = mask == "photo"
    network, metadata = weights.load(file, masked)
    draw = collage.collage if "semantic_images" in metadata else semantic_image
    cover = torch.from_numpy(photos[0]).permute(0, 3, 1, 2).float() / 255
    secrets = [draw(*product.assignment(FAMILY, int(label)), 64, 64) for label in photos[1]]
    with torch.no_grad():
        protected, _ = network.hide(cover, torch.from_numpy(np.stack(secrets)))
    change = float(metadata.get("gain", 1)) * (protected - cover)
    if masked:
        # In single precision the variance of even bright ground is lost to rounding.
        change = budget.limited(change.double(), cover.double()).float()
    elif metadata.get("photo_mask"):
        change = budget.bound_softly(255 * change, 8) / 255
    return (255 * cover + (255 * change).clamp(-8, 8)).clamp(0, 255)


@pytest.mark.parametrize("file", [SHIPPED, WAVES])
def test_swift_and_pytorch_release_the_same_pixels(photos, released, file):
    expected = reference(file, "none", photos).round().permute(0, 2, 3, 1).numpy()
    difference = np.abs(expected - released(file, "none"))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


def test_swift_dithers_what_pytorch_allows_under_the_mask_of_photos(photos, released):
    expected = reference(SHIPPED, "photo", photos).permute(0, 2, 3, 1).numpy()
    difference = released(SHIPPED, "photo") - expected
    # A dithered value is one of its two neighbours; the reference is off by its own precision.
    assert np.abs(difference).max() < 1.02
    assert np.abs(difference.mean((1, 2))).max() < 0.02
    assert np.abs(expected - photos[0]).mean() > 0.5


@pytest.mark.parametrize("mask", ["none", "photo"])
def test_the_changes_of_two_photos_of_a_class_are_not_alike(photos, released, mask):
    delta = released(SHIPPED, mask, "sample-wise").astype(int) - photos[0]
    assert abs(np.corrcoef(delta[2].ravel(), delta[3].ravel())[0, 1]) < 0.5


def test_a_second_call_comes_from_the_cache_and_a_failure_is_told(photos, tmp_path):
    with pytest.raises(product.ProductError, match="ended with"):
        product.protect(BINARY, SHIPPED, *photos, NAMES, FAMILY, tmp_path, ["--strength", "99"])
    first = product.protect(BINARY, SHIPPED, *photos, NAMES, 1, tmp_path)
    assert len(list(tmp_path.glob("*.npy"))) == 1
    assert (product.protect(BINARY, SHIPPED, *photos, NAMES, 1, tmp_path) == first).all()


@pytest.mark.parametrize(("masked", "course"), [(False, "small"), (True, "photos")])
def test_the_weights_tell_how_they_were_made(masked, course):
    _, metadata = weights.load(SHIPPED, masked)
    training = json.loads(metadata["training"])
    # A network is trained in several runs, whose learning rates and strengths differ.
    recipe = binding.load_recipe(ROOT / f"Training/recipes/surrogates-{course}.json")
    lasting = ("blocks", "growth", "clamp", "gain")
    assert [training["recipe"][name] for name in lasting] == [recipe[name] for name in lasting]
    assert list(training["recipe"]["courses"]) == list(recipe["courses"]) == [course]
    assert training["steps"] > 0


def test_the_protection_in_the_metadata_was_measured_with_these_tensors():
    _, metadata = weights.load(SHIPPED)
    protection = json.loads(metadata["protection"])
    for name, masked in (("small pictures", False), ("photos", True)):
        table = protection[name]
        assert table == json.loads((ROOT / TABLES[name]).read_text())
        assert any(weights.network_sha256(SHIPPED, masked)[:12] in fact for fact in table["facts"])


def test_the_comparisons_weights_are_of_their_recipe_and_hide_in_the_binary_too(photos, tmp_path):
    _, metadata = weights.load(rows.PAPER_LOSSES)
    training = json.loads(metadata["training"])
    assert training["recipe"] == train.load_recipe(ROOT / "Training/recipes/paper-losses.json")
    assert training["steps"] == training["recipe"]["iterations"]
    made = product.protect(BINARY, rows.PAPER_LOSSES, *photos, NAMES, FAMILY, tmp_path)
    assert np.abs(made.astype(int) - photos[0]).max() == 8
