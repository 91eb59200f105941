"""`palimpsest fit`: what it makes, what it refuses, and what an interruption leaves."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from evaluate import shapes
from PIL import Image
from safetensors import safe_open

TRAINING = Path(__file__).resolve().parents[1]


def fit(*words, **options):
    command = [sys.executable, "-m", "methods.fit", *map(str, words)]
    environment = {**os.environ, "PYTHONPATH": str(TRAINING), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, **options)


def write(folder, pictures, start=0):
    folder.mkdir(parents=True, exist_ok=True)
    for index, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{start + index:04d}.png")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three classes of 180 pictures of 16 x 16 pixels each."""
    root = tmp_path_factory.mktemp("set")
    pixels, labels = shapes.generate(2000, 0)
    for label in range(3):
        write(root / f"class {label}", pixels[labels == label][:180])
    return root


def tensors(path):
    with safe_open(str(path), "np") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata()


def test_a_fit_writes_the_classes_and_what_it_measured(folder, tmp_path):
    out = tmp_path / "sem.safetensors"
    done = fit("sem", folder, "--out", out, "--steps", 3, "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["classes"] == ["class 0", "class 1", "class 2"] and told["pictures"] == 540
    assert told["file"] == str(out) and told["protection"]["chance"] == 33.3
    found, metadata = tensors(out)
    assert metadata["classes"] == '["class 0", "class 1", "class 2"]'
    assert '"originals"' in metadata["protection"] and '"chance": 33.3' in metadata["protection"]
    assert found["head.weight"].shape == (3, 128)
    assert "540 pictures of 3 classes" in done.stderr and "guessing reaches 33.3 %" in done.stderr
    assert os.listdir(tmp_path) == ["sem.safetensors"]


def test_an_interrupted_fit_goes_on_to_the_same_file(folder, tmp_path):
    whole, halved = tmp_path / "whole.safetensors", tmp_path / "halved.safetensors"
    words = ("sem", folder, "--steps", 40, "--no-measure", "--out")
    assert fit(*words, whole).returncode == 0
    environment = {**os.environ, "PYTHONPATH": str(TRAINING), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "methods.fit", *map(str, words), str(halved)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        for line in process.stderr:
            if line.startswith("step "):
                break
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert process.returncode == 130 and "same command again" in rest
    assert not halved.exists() and (tmp_path / "halved.safetensors.checkpoint").exists()
    other = fit("sem", folder, "--steps", 50, "--no-measure", "--out", halved)
    assert other.returncode == 2 and "other pictures or settings" in other.stderr
    done = fit(*words, halved)
    assert done.returncode == 0 and "going on from step" in done.stderr, done.stderr
    (first, _), (second, _) = tensors(whole), tensors(halved)
    assert first.keys() == second.keys()
    assert all((first[name] == second[name]).all() for name in first)
    assert sorted(os.listdir(tmp_path)) == ["halved.safetensors", "whole.safetensors"]


def refused(folder, out, *words):
    done = fit("sem", folder, "--out", out, *words)
    assert done.returncode == 2, done.stderr
    assert done.stderr.splitlines()[-1].startswith("Error: ")
    assert not Path(out).exists() and not list(Path(out).parent.glob("*partial*"))
    return done.stderr


def test_one_class_is_refused(tmp_path, folder):
    (tmp_path / "one").mkdir()
    (tmp_path / "one/only").symlink_to(folder / "class 0")
    said = refused(tmp_path / "one", tmp_path / "m.safetensors")
    assert "only the class only" in said and "at least 2" in said


def test_ten_pictures_are_refused_with_the_number_that_is_needed(tmp_path):
    rng = np.random.default_rng(0)
    for name in ("a", "b"):
        write(tmp_path / "ten" / name, rng.integers(0, 255, (5, 16, 16, 3)).astype(np.uint8))
    said = refused(tmp_path / "ten", tmp_path / "m.safetensors")
    assert "10 pictures" in said and "500" in said


def test_a_class_with_few_pictures_is_named(tmp_path, folder):
    for label in range(3):
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / f"{label}").symlink_to(folder / f"class {label}")
    write(tmp_path / "set" / "rare", np.zeros((4, 16, 16, 3), np.uint8))
    said = refused(tmp_path / "set", tmp_path / "m.safetensors")
    assert "class rare has 4 pictures" in said and "20" in said


def test_mixed_sizes_and_broken_pictures_are_told_and_the_rest_is_fitted(tmp_path, folder):
    for label in range(3):
        for path in (folder / f"class {label}").iterdir():
            place = tmp_path / "set" / f"{label}" / path.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(path)
    write(tmp_path / "set" / "0", np.zeros((1, 40, 60, 3), np.uint8), start=9000)
    whole = (folder / "class 0/0000.png").read_bytes()
    (tmp_path / "set/1/broken.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "set/1/text.jpg").write_text("no picture")
    out = tmp_path / "m.safetensors"
    done = fit("sem", tmp_path / "set", "--out", out, "--steps", 1, "--no-measure")
    assert done.returncode == 0, done.stderr
    assert "broken.png" in done.stderr and "text.jpg" in done.stderr
    assert "16 x 16 to 60 x 40 pixels" in done.stderr and "541 pictures" in done.stderr


def test_tiny_pictures_and_missing_folders_are_refused(tmp_path, folder):
    for label in range(3):
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / f"{label}").symlink_to(folder / f"class {label}")
    write(tmp_path / "set" / "tiny", np.zeros((30, 9, 12, 3), np.uint8))
    out = tmp_path / "m.safetensors"
    assert "12 x 9 pixels" in refused(tmp_path / "set", out)
    assert "is not a folder" in refused(tmp_path / "nowhere", out)
    assert "There is no folder" in refused(folder, tmp_path / "nowhere/m.safetensors")


def test_an_earlier_file_is_kept_and_a_foreign_checkpoint_refused(tmp_path, folder):
    out = tmp_path / "m.safetensors"
    out.write_text("mine")
    done = fit("sem", folder, "--out", out)
    assert done.returncode == 2 and "there already" in done.stderr and out.read_text() == "mine"
    out.unlink()
    (tmp_path / "m.safetensors.checkpoint").write_text("no checkpoint")
    assert "not the checkpoint of a fit" in refused(folder, out)


def test_python_without_torch_is_told_what_is_missing(tmp_path, folder):
    """An interpreter that sees none of the packages."""
    environment = {"PYTHONPATH": str(TRAINING), "PATH": os.environ["PATH"]}
    done = subprocess.run(
        ["/usr/bin/python3", "-S", "-m", "methods.fit", "sem", folder, "--out", tmp_path / "m"],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert done.returncode == 1 and "PyTorch (Debian: python3-torch)" in done.stderr
    assert "PALIMPSEST_PYTHON" in done.stderr


def test_a_full_disk_names_the_file_and_leaves_nothing(tmp_path, monkeypatch):
    from methods import partial

    def full(number):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(partial.os, "fsync", full)
    with pytest.raises(OSError) as error:
        partial.replace(tmp_path / "m.safetensors", b"content")
    assert error.value.filename == str(tmp_path / "m.safetensors")
    assert not os.listdir(tmp_path)


def test_its_owner_alone_reads_what_is_written(tmp_path):
    from methods import partial

    partial.replace(tmp_path / "m.safetensors", b"content")
    assert (tmp_path / "m.safetensors").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "higher, lower, words", [(70.0, 30.0, "measured on 100"), (50.0, 45.0, "no difference")]
)
def test_what_chance_could_have_made_is_said_to_be_nothing(higher, lower, words):
    from methods.fit import verdict

    told = {"originals": higher, "protected": lower, "tested_on": 100}
    assert words in verdict(told, ("originals", "protected"))


def test_two_fits_do_not_make_one_file(folder, tmp_path):
    from methods.fit import claimed

    out = tmp_path / "m.safetensors"
    with claimed(out):
        done = fit("sem", folder, "--out", out, "--steps", 1)
    assert done.returncode == 1 and "Another fit" in done.stderr
    assert not os.listdir(tmp_path)


def test_a_file_that_no_service_would_offer_is_refused(folder, tmp_path):
    refused(folder, tmp_path / "model")


def test_a_class_that_cannot_be_listed_is_refused(monkeypatch, folder):
    from methods import pictures

    def forbidden(path, onerror):
        onerror(PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path)))
        return []

    monkeypatch.setattr(pictures.os, "walk", forbidden)
    with pytest.raises(pictures.SetError, match="class 0' cannot be read: Permission denied"):
        pictures.read(folder)


@pytest.mark.parametrize("steps, error", [(1, "Interrupted"), (0, "KeyboardInterrupt")])
def test_an_interrupted_measurement_can_go_on_if_anything_was_learnt(
    folder, tmp_path, monkeypatch, steps, error
):
    from methods import fit as module

    def interrupted(*ignored):
        raise KeyboardInterrupt

    class Job:
        def __init__(self):
            self.steps, self.step = steps, steps

        def identity(self):
            return {}

        def state(self):
            return {}

        def courses(self):
            return {}

    monkeypatch.setattr(module, "measured", interrupted)
    out = tmp_path / "m.safetensors"
    arguments = module.arguments_of(["sem", str(folder), "--out", str(out), "--quiet"])
    with pytest.raises(BaseException) as caught:
        module._fit(arguments, out, lambda found: Job())
    assert type(caught.value).__name__ == error
    assert bool(os.listdir(tmp_path)) == bool(steps)
