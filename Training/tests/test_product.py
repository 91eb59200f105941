"""The built binary with the shipped weights, checked by the PyTorch reference."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from deephiding import train, weights
from deephiding.semantic_images import semantic_image
from evaluate import product, rows

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / ".build/release/palimpsest"
WEIGHTS = ROOT / "Sources/DeepHiding/Resources/deep-hiding.safetensors"
FAMILY = 2**63 + 9
NAMES = ["a", "b", "c"]


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
    assert BINARY.exists(), f"{BINARY} is missing: run `make build` first"
    return product.protect(
        BINARY,
        WEIGHTS,
        *photos,
        NAMES,
        FAMILY,
        tmp_path_factory.mktemp("cache"),
        ["--mode", "class-wise"],
    )


def test_the_bound_holds_and_something_was_hidden(photos, released):
    difference = np.abs(released.astype(int) - photos[0])
    assert difference.max() == 8
    assert all(picture.mean() > 1 for picture in difference)


def test_a_released_picture_reveals_the_secret_of_its_class_and_no_other(photos, released):
    network, _ = weights.load(WEIGHTS)
    torch.manual_seed(0)
    with torch.no_grad():
        revealed = network.reveal(
            torch.from_numpy(released).permute(0, 3, 1, 2).float() / 255
        ).numpy()
    secrets = [semantic_image(*product.assignment(FAMILY, label), 64, 64) for label in range(3)]
    for picture, label in zip(revealed, photos[1]):
        likeness = [np.corrcoef(picture.ravel(), secret.ravel())[0, 1] for secret in secrets]
        assert likeness.pop(label) > 0.5
        assert max(likeness) < 0.2


def test_swift_and_pytorch_release_the_same_pixels(photos, released):
    network, _ = weights.load(WEIGHTS)
    cover = torch.from_numpy(photos[0]).permute(0, 3, 1, 2).float() / 255
    secrets = [
        semantic_image(*product.assignment(FAMILY, int(label)), 64, 64) for label in photos[1]
    ]
    with torch.no_grad():
        protected, _ = network.hide(cover, torch.from_numpy(np.stack(secrets)))
    expected = (cover * 255 + ((protected - cover) * 255).clamp(-8, 8)).clamp(0, 255).round()
    difference = np.abs(expected.permute(0, 2, 3, 1).numpy() - released)
    assert difference.max() <= 1
    assert (difference > 0).mean() < 1e-3


def test_delta_differs_between_two_covers_of_one_class(photos, released):
    delta = released.astype(int) - photos[0]
    assert (delta[2] != delta[3]).mean() > 0.01


def test_a_second_call_comes_from_the_cache_and_a_failure_is_told(photos, tmp_path):
    with pytest.raises(product.ProductError, match="ended with"):
        product.protect(BINARY, WEIGHTS, *photos, NAMES, FAMILY, tmp_path, ["--strength", "99"])
    first = product.protect(BINARY, WEIGHTS, *photos, NAMES, 1, tmp_path)
    assert len(list(tmp_path.glob("*.npy"))) == 1
    assert (product.protect(BINARY, WEIGHTS, *photos, NAMES, 1, tmp_path) == first).all()


def test_the_weights_tell_how_they_were_made():
    _, metadata = weights.load(WEIGHTS)
    training = json.loads(metadata["training"])
    assert training["recipe"] == train.load_recipe(ROOT / "Training/recipes/shipped.json")
    assert training["steps"] == training["recipe"]["iterations"]


def test_the_protection_in_the_metadata_was_measured_with_these_tensors():
    _, metadata = weights.load(WEIGHTS)
    protection = json.loads(metadata["protection"])
    assert any(weights.tensors_sha256(WEIGHTS)[:12] in fact for fact in protection["facts"])
    assert protection == json.loads(
        (ROOT / "Training/results/evaluate/prove-test.json").read_text()
    )


def test_the_comparisons_weights_are_of_their_recipe_and_hide_in_the_binary_too(photos, tmp_path):
    _, metadata = weights.load(rows.PAPER_LOSSES)
    training = json.loads(metadata["training"])
    assert training["recipe"] == train.load_recipe(ROOT / "Training/recipes/paper-losses.json")
    assert training["steps"] == training["recipe"]["iterations"]
    made = product.protect(BINARY, rows.PAPER_LOSSES, *photos, NAMES, FAMILY, tmp_path)
    assert np.abs(made.astype(int) - photos[0]).max() == 8
