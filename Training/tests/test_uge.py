"""Ungeneralizable examples: the field of colours, licences, and the forms that were tried."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluate import field_attack, shapes
from methods.course import Learner
from methods.uge import licence, tries, weights
from methods.uge.field import CARRIER, TILT, View, carried, drawn, spread
from PIL import Image
from safetensors import safe_open

TRAINING = Path(__file__).resolve().parents[1]
SHIPPED = TRAINING.parent / "Sources/DeepHiding/Resources/deep-hiding.safetensors"


def field(seed=0, tiles=4):
    return drawn(np.random.default_rng(seed), tiles)


def module(name, *words):
    environment = {**os.environ, "PYTHONPATH": str(TRAINING), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-m", name, *map(str, words)],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip


def test_directions_have_length_one_and_the_tilt_off_gray():
    found = field()
    assert np.allclose((found**2).sum(-1), 1, atol=1e-6)
    gray = found.sum(-1) / np.sqrt(3)
    assert np.allclose(np.rad2deg(np.arccos(gray)), TILT, atol=1e-3)
    assert (field(1) != found).any()


@pytest.mark.parametrize("size", [(32, 32), (17, 23), (3, 5)])
def test_the_licensed_learner_sees_nothing_of_the_change_and_others_do(size):
    rng = np.random.default_rng(1)
    original = rng.integers(40, 200, (2, *size, 3)).astype(np.uint8)
    change = carried(rng.uniform(-16, 16, original.shape), field())
    assert 7 < np.abs(change).max() <= 8
    released = np.clip(original + change, 0, 255).round().astype(np.uint8)
    view = View(field())
    # Rounding to levels before and after the view: at most 1.5 levels, however far it turns.
    assert np.abs(view(released).astype(int) - view(original)).max() <= 2
    other = View(field(7))
    assert np.abs(other(released).astype(int) - other(original)).max() > 4


def test_a_change_keeps_its_sign_across_tiles():
    flat = np.full((1, 16, 16, 3), 2.0) * CARRIER
    along = (carried(flat, field()) * spread(field(), 16, 16)).sum(-1)
    assert (along > 1).all() and along.std() < 0.1 * along.mean()


def test_the_attacker_finds_a_plain_field_and_not_that_of_other_pictures():
    rng = np.random.default_rng(2)
    gray = rng.integers(60, 190, (300, 32, 32, 1)) + rng.normal(0, 6, (300, 32, 32, 3))
    true = field()
    change = rng.uniform(-40, 40, (300, 32, 32, 1)) * spread(true, 32, 32)
    seen = field_attack.found(np.clip(gray + change, 0, 255), 4)
    assert field_attack.agreement(seen, true) > 0.95
    blind = field_attack.found(np.clip(gray, 0, 255), 4)
    assert field_attack.agreement(blind, true) < 0.8


def test_a_licence_is_read_as_it_was_written(tmp_path):
    made = licence.Licence(Learner(start=3), field(), "a" * 64, "b" * 64)
    path = tmp_path / "m.licence.json"
    made.write(path)
    found = licence.read(path)
    assert found.learner == made.learner and (found.field == made.field).all()
    assert (found.start_sha256, found.model_sha256) == ("a" * 64, "b" * 64)


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"learner": "huge"}', "learner must be one of"),
        ('{"architecture": "narrow"}', "architecture is not known"),
        ('{"start": -1}', "start must be a whole number from 0"),
        ('{"start": 1.5}', "start must be a whole number"),
        ('{"epochs": 0}', "epochs must be a number"),
        ('{"rate": "x"}', "rate must be a number"),
        ('{"batch": true}', "batch must be a whole number"),
    ],
)
def test_what_is_wrong_with_a_learner_is_said(tmp_path, text, words):
    path = tmp_path / "net.json"
    path.write_text(text)
    with pytest.raises(licence.LicenceError, match=words) as error:
        licence.authorised(path)
    assert str(path) in str(error.value)


@pytest.mark.parametrize("text", ["{}", '{"format": "palimpsest-licence", "format_version": 1}'])
def test_what_is_no_licence_is_said(tmp_path, text):
    path = tmp_path / "l.json"
    path.write_text(text)
    with pytest.raises(licence.LicenceError):
        licence.read(path)


def test_the_model_holds_the_network_that_hides_without_a_mask(tmp_path):
    path = tmp_path / "m.safetensors"
    digest = weights.write(path, weights.hiding(SHIPPED), torch.from_numpy(field()), {"a": 1})
    assert len(digest) == 64
    with safe_open(path, "np") as file, safe_open(SHIPPED, "np") as shipped:
        assert file.metadata()["hiding.format_version"] == "1"
        kept = {name for name in file.keys() if name.startswith("hiding.")}
        assert kept == {f"hiding.{name}" for name in shipped.keys() if "masked." not in name}
        name = sorted(kept)[0]
        assert (file.get_tensor(name) == shipped.get_tensor(name.removeprefix("hiding."))).all()
    with pytest.raises(weights.WeightsError, match="deep hiding"):
        weights.hiding(path)
    path.write_bytes(b"no weights")
    with pytest.raises(weights.WeightsError, match="not a weights file"):
        weights.hiding(path)


@pytest.fixture(scope="module")
def pictures():
    return shapes.generate(120, 0)


@pytest.mark.parametrize("name", tries.TRIES)
def test_a_try_takes_a_step_and_stays_within_the_bound(pictures, name):
    pixels, labels = pictures
    recipe = replace(tries.TRIES[name], steps=1, batch=20)
    fit = tries.fit(pixels, labels, 0, recipe, Learner(epochs=0.5))
    released = fit.released(pixels, labels)
    change = released.astype(int) - pixels
    assert released.dtype == np.uint8 and 0 < np.abs(change).max() <= 8
    assert all(torch.isfinite(value).all() for value in fit.network.parameters())


def write(folder, pictures):
    folder.mkdir(parents=True)
    for index, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{index:04d}.png")


def test_a_licensed_learner_learns_by_the_command(tmp_path):
    pixels, labels = shapes.generate(3000, 0)
    for label in range(2):
        own = pixels[labels == label]
        write(tmp_path / f"set/{label}", own[:255])
        write(tmp_path / f"new/{label}", own[255:275])
    learner = Learner(epochs=1)
    start = licence.start_sha256(learner, 2)
    licence.Licence(learner, field(), start, "").write(tmp_path / "l.json")
    done = module(
        "methods.uge.learn", tmp_path / "set", "--licence", tmp_path / "l.json",
        "--out", tmp_path / "net.pt", "--test", tmp_path / "new",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "not those of the licence" not in done.stderr
    assert "learning from 510 pictures of 2 classes" in done.stderr
    assert "of 40 pictures" in done.stdout
    state = torch.load(tmp_path / "net.pt")
    assert state["classes"] == ("0", "1")
    Learner().model(2).load_state_dict(state["state"])
    refused = module(
        "methods.uge.learn", tmp_path / "new", "--licence", tmp_path / "l.json",
        "--out", tmp_path / "other.pt",
    )  # fmt: skip
    assert refused.returncode == 2 and "40 pictures" in refused.stderr
    again = module(
        "methods.uge.learn", tmp_path / "set", "--licence", tmp_path / "l.json",
        "--out", tmp_path / "net.pt",
    )  # fmt: skip
    assert again.returncode == 2 and "--force" in again.stderr
    assert json.loads((tmp_path / "l.json").read_text())["start_sha256"] == start
    assert not (tmp_path / "other.pt").exists()
