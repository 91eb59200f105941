"""Several weights files in a folder, of which a call chooses one by name."""

import hashlib
import json
import pathlib
import shutil

import pytest
from pictures import picture, report_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
RANDOM = ROOT / "Tests/DeepHidingTests/Fixtures/random-weights.safetensors"


@pytest.fixture
def models(tmp_path):
    """A folder of two models whose weights are each other's negatives."""
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(RANDOM, folder / "first.safetensors")
    changed = bytearray(RANDOM.read_bytes())
    start = 8 + int.from_bytes(changed[:8], "little")
    for place in range(start + 3, len(changed), 4):
        changed[place] ^= 0x80
    (folder / "second.1.safetensors").write_bytes(changed)
    (folder / "README.md").write_text("No model.")
    return folder


def protect(palimpsest, tmp_path, out, *arguments, **variables):
    photo = picture(tmp_path / "a.png")
    return palimpsest(
        "protect", photo, "--class", "c", "--family-seed", "7", "--out", tmp_path / out,
        *arguments, variables=variables,
    )  # fmt: skip


def report(tmp_path, out):
    return json.loads(report_of(tmp_path / out / "c/a.png").read_text())


def test_a_call_protects_with_the_model_that_it_names(palimpsest, tmp_path, models):
    for name in ("first", "second.1"):
        out = f"by-{name}"
        result = protect(palimpsest, tmp_path, out, "--weights", models, "--model", name)
        assert result.returncode == 0, result.stderr
        weights = (models / f"{name}.safetensors").read_bytes()
        assert report(tmp_path, out)["model_sha256"] == hashlib.sha256(weights).hexdigest()
    variables = {"PALIMPSEST_WEIGHTS": str(models), "PALIMPSEST_MODEL": "first"}
    result = protect(palimpsest, tmp_path, "by-variables", **variables)
    assert result.returncode == 0, result.stderr
    # A model of a folder makes the bytes that its file alone makes.
    alone = protect(palimpsest, tmp_path, "alone")
    assert alone.returncode == 0, alone.stderr
    pictures = {
        out: (tmp_path / out / "c/a.png").read_bytes()
        for out in ("by-first", "by-variables", "alone", "by-second.1")
    }
    assert pictures["by-first"] == pictures["by-variables"] == pictures["alone"]
    assert pictures["by-second.1"] != pictures["alone"]


def test_a_folder_of_one_model_needs_no_name(palimpsest, tmp_path, models):
    (models / "second.1.safetensors").unlink()
    result = protect(palimpsest, tmp_path, "out", "--weights", models)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("command", ["protect", "serve"])
def test_models_that_cannot_be_chosen_are_a_sentence(palimpsest, tmp_path, models, command):
    def refusal(*arguments):
        if command == "protect":
            result = protect(palimpsest, tmp_path, "out", *arguments)
        else:
            result = palimpsest(
                "serve", "--bind", "127.0.0.1:0", "--data", tmp_path / "data", *arguments
            )
        assert result.returncode != 0 and result.stdout == ""
        assert not (tmp_path / "out").exists() and not (tmp_path / "data").exists()
        return result.stderr.splitlines()[-1].removeprefix("Error: ")

    folder = ["--weights", models]
    assert refusal(*folder) == (
        f"There are 2 models in {models}; say by --model which is the default: first or second.1."
    )
    assert refusal(*folder, "--model", "third") == (
        f"There is no model third in {models}; --model must be first or second.1."
    )
    rule = "--model must be 1 to 64 letters, digits, '-', '_' and '.'"
    assert refusal(*folder, "--model", "a b").startswith(rule)
    assert refusal("--weights", RANDOM, "--model", "other") == (
        f"There is no model other in {RANDOM}; --model must be random-weights."
    )
    (models / "a b.safetensors").write_bytes(b"")
    assert refusal(*folder, "--model", "first").startswith(
        f"The weights file {models}/a b.safetensors names no model"
    )
    empty = tmp_path / "empty"
    empty.mkdir()
    assert refusal("--weights", empty) == (
        f"There is no weights file (*.safetensors) in the folder {empty}."
    )
    for number in range(17):
        (empty / f"m{number}.safetensors").write_bytes(b"")
    assert refusal("--weights", empty, "--model", "m0") == (
        f"There are 17 weights files in the folder {empty}; at most 16 are loaded."
    )


def test_settings_print_the_model(palimpsest):
    result = palimpsest("check-config", "--model", "wide-2.1")
    assert "PALIMPSEST_MODEL=wide-2.1" in result.stdout.splitlines()
    assert "#PALIMPSEST_MODEL=" in palimpsest("check-config").stdout.splitlines()
