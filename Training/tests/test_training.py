"""A short training run learns, resumes to exactly the same state, and refuses unusable input."""

import json

import numpy as np
import pytest
import torch
from deephiding import train
from deephiding.data import BatchSource, DataError, load_photos
from PIL import Image

TINY = {
    **train.DEFAULTS,
    "blocks": 1,
    "growth": 4,
    "iterations": 6,
    "warmup": 2,
    "classes": 2,
    "images": 2,
    "sizes": {"32": 0.5, "48": 0.5},
    "photo_secrets": 0.5,
    "attacks": {"jpeg": 0.5, "rescale": 0.5},
    "weights": {
        **train.DEFAULTS["weights"], "low_frequency": 0.1, "alignment": 0.1, "concentration": 0.01
    },
}


def photos(count=16):
    rng = np.random.default_rng(0)
    return [rng.integers(0, 256, (80, 96, 3)).astype(np.uint8) for _ in range(count)]


def quiet(_):
    pass


def test_a_run_that_was_cut_ends_in_the_same_weights(tmp_path):
    whole = train.run(TINY, photos(), tmp_path / "whole", log=quiet)
    train.run(TINY, photos(), tmp_path / "cut", stop_after=0, log=quiet)
    resumed = train.run(TINY, photos(), tmp_path / "cut", log=quiet)
    assert resumed.step == whole.step == 6
    for a, b in zip(whole.network.parameters(), resumed.network.parameters()):
        assert torch.equal(a, b)
    steps = [
        json.loads(line)["step"]
        for line in (tmp_path / "cut" / "log.jsonl").read_text().splitlines()
    ]
    assert steps == [1, 2, 3, 4, 5, 6]


def test_training_lowers_the_reveal_loss():
    recipe = {
        **TINY,
        "iterations": 60,
        "learning_rate": 3e-3,
        "ramp": 60,
        "start_epsilon": 64,
        "sizes": {"32": 1.0},
    }
    trainer = train.Trainer(recipe, photos(), "cpu")
    losses = [trainer.advance()["reveal"] for _ in range(60)]
    assert np.mean(losses[-10:]) < 0.5 * np.mean(losses[:10])


def test_a_step_that_is_not_finite_is_skipped():
    trainer = train.Trainer(TINY, photos(), "cpu")
    with torch.no_grad():
        trainer.network.blocks[0].phi.conv5.bias[0] = float("nan")
    before = [p.clone() for p in trainer.network.parameters()]
    assert trainer.advance() is None
    assert trainer.skipped == 1
    assert all(
        torch.equal(a.nan_to_num(), b.nan_to_num())
        for a, b in zip(before, trainer.network.parameters())
    )


def test_batches_are_classes_times_images_at_one_size():
    source = BatchSource(photos(), 3, 4, {"32": 1.0}, 0.0, 5)
    cover, secret, labels = source.draw()
    assert cover.shape == secret.shape == (12, 3, 32, 32)
    assert labels.tolist() == [0] * 4 + [1] * 4 + [2] * 4
    assert 0 <= cover.min() and cover.max() <= 1
    assert not torch.equal(secret[0], secret[4])


def test_photos_are_read_from_a_folder_without_the_excluded_ones(tmp_path):
    for folder in ("a", "kodak24"):
        (tmp_path / folder).mkdir()
        for i in range(16):
            Image.new("RGB", (70, 80), (i, 0, 0)).save(tmp_path / folder / f"{i:02d}.png")
    assert len(load_photos(tmp_path, exclude=["kodak24"])) == 16
    with pytest.raises(DataError, match="at least 16"):
        load_photos(tmp_path, exclude=["a", "kodak24"])
    with pytest.raises(DataError, match="no training photos"):
        load_photos(tmp_path / "absent")


def test_a_misspelt_setting_is_refused(tmp_path):
    path = tmp_path / "recipe.json"
    path.write_text('{"block": 3}')
    with pytest.raises(DataError, match="unknown settings: block"):
        train.load_recipe(path)


@pytest.mark.parametrize("name", ["waves", "paper"])
def test_the_recipes_in_the_repository_load(name):
    from pathlib import Path

    assert (
        train.load_recipe(Path(train.__file__).parents[1] / "recipes" / f"{name}.json")[
            "iterations"
        ]
        > 0
    )
