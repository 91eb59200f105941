"""Models that were fitted to a set: a service that has one, and the command that makes one."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from service import BINARY, FIXTURES, Service

ROOT = pathlib.Path(__file__).resolve().parents[2]
# Random numbers for the classes ant, bee and crow.
SEM = ROOT / "Tests/FittedMethodsTests/Fixtures/sem.safetensors"
PARROTS = FIXTURES / "parrots.jpg"


@pytest.fixture
def service(tmp_path, weights):
    models = tmp_path / "models"
    models.mkdir()
    shutil.copy(weights, models / "standard.safetensors")
    shutil.copy(SEM, models / "insects.safetensors")
    service = Service(tmp_path / "data", models, ["--model", "standard"]).start()
    yield service
    if service.process.poll() is None:
        service.kill()


def job(service, *forms):
    answer = service.get("/v1/jobs", *(word for form in forms for word in ("--form", form)))
    assert answer.status == 202, answer
    return service.finished(answer.fields["location"])


def images(service, job):
    return service.get(f"/v1/jobs/{job['id']}/images").json["images"]


def test_a_fitted_model_protects_its_classes_and_names_them_for_others(service, tmp_path):
    listed = {model["name"]: model for model in service.get("/v1/models").json["models"]}
    assert listed["insects"]["classes"] == ["ant", "bee", "crow"]
    assert listed["insects"]["method"] == "sem" and "classes" not in listed["standard"]

    file = f"file=@{PARROTS};type=image/jpeg"
    done = job(service, "model=insects", "class=bee", file, "class=dog", f"{file};filename=dog.jpg")
    by_class = {image["class"]: image for image in images(service, done)}
    assert by_class["bee"]["state"] == "done", by_class
    report = by_class["bee"]["report"]
    assert report["method"] == "sem" and 0 < report["linf"] <= 8
    assert report["model_sha256"] == listed["insects"]["model_sha256"]
    refused = by_class["dog"]
    assert refused["state"] == "failed" and refused["error"]["code"] == "class_not_fitted"
    assert "ant, bee, crow" in refused["error"]["detail"]
    # The same photo of the unknown class goes through the model that serves any.
    assert job(service, "model=standard", "class=dog", file)["state"] == "done"


def test_what_a_fitted_model_made_is_verified(service, tmp_path):
    done = job(service, "model=insects", "class=bee", f"file=@{PARROTS};type=image/jpeg")
    answer = service.get(f"/v1/jobs/{done['id']}/archive.zip")
    archive = tmp_path / "protected.zip"
    archive.write_bytes(answer.body)
    folder = tmp_path / "protected"
    shutil.unpack_archive(archive, folder)
    key = tmp_path / "key.pem"
    key.write_bytes(service.get("/v1/signing-key").body)
    checked = subprocess.run(
        [
            BINARY, "verify", PARROTS, folder / "bee/parrots.png",
            "--manifest", folder / "manifest.json", "--key", key,
        ],
        capture_output=True, text=True,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout + checked.stderr
    before, after = (
        np.asarray(Image.open(path).convert("RGB")).astype(int)
        for path in (PARROTS, folder / "bee/parrots.png")
    )
    assert 0 < np.abs(after - before).max() <= 8


def test_a_fit_by_the_command_protects_new_pictures(tmp_path):
    rng = np.random.default_rng(0)
    for label, name in enumerate(("dark", "light")):
        folder = tmp_path / "set" / name
        folder.mkdir(parents=True)
        for index in range(260):
            picture = rng.integers(100 * label, 100 * label + 100, (16, 16, 3)).astype(np.uint8)
            Image.fromarray(picture).save(folder / f"{index}.png")
    out = tmp_path / "mine.safetensors"
    environment = {**os.environ, "PALIMPSEST_PYTHON": sys.executable, "OMP_NUM_THREADS": "1"}
    fitted = subprocess.run(
        [BINARY, "fit", "sem", tmp_path / "set", "--out", out, "--steps", "2", "--no-measure"],
        capture_output=True, text=True, env=environment,
    )  # fmt: skip
    assert fitted.returncode == 0, fitted.stderr
    assert "520 pictures of 2 classes" in fitted.stderr
    new = tmp_path / "new" / "light"
    new.mkdir(parents=True)
    fresh = np.full((16, 16, 3), 150, np.uint8)
    Image.fromarray(fresh).save(new / "a.png")
    protected = subprocess.run(
        [BINARY, "protect", tmp_path / "new", "--out", tmp_path / "out", "--weights", out],
        capture_output=True, text=True,
    )  # fmt: skip
    assert protected.returncode == 0, protected.stderr
    change = np.asarray(Image.open(tmp_path / "out/light/a.png")).astype(int) - fresh
    assert 0 < np.abs(change).max() <= 8
    report = json.loads((tmp_path / "out-reports/light/a.json").read_text())
    assert report["method"] == "sem" and report["class"] == "light"


def test_a_python_that_is_not_there_is_named(tmp_path):
    done = subprocess.run(
        [BINARY, "fit", "sem", tmp_path, "--out", tmp_path / "m.safetensors"],
        capture_output=True, text=True, env={"PALIMPSEST_PYTHON": "/nowhere/python"},
    )  # fmt: skip
    assert done.returncode == 1
    assert "/nowhere/python" in done.stderr and "PALIMPSEST_PYTHON" in done.stderr


def test_ungeneralizable_examples_show_the_licensed_learner_the_originals(service, tmp_path):
    rng = np.random.default_rng(1)
    for name in ("dark", "light"):
        (tmp_path / "set" / name).mkdir(parents=True)
        for index in range(260):
            coarse = rng.integers(40, 200, (4, 4, 3)).astype(np.uint8)
            picture = Image.fromarray(coarse).resize((16, 16), Image.BICUBIC)
            picture.save(tmp_path / "set" / name / f"{index}.png")
    learner, out = tmp_path / "net.json", tmp_path / "models/mine.safetensors"
    learner.write_text('{"learner": "plain", "start": 5}')
    fitted = subprocess.run(
        [
            BINARY, "fit", "uge", tmp_path / "set", "--authorised", learner, "--out", out,
            "--no-measure", "--json",
        ],
        capture_output=True, text=True, env={**os.environ, "PALIMPSEST_PYTHON": sys.executable},
    )  # fmt: skip
    assert fitted.returncode == 0, fitted.stderr
    told = json.loads(fitted.stdout)
    assert told["licence"] == str(tmp_path / "models/mine.licence.json")
    sys.path.insert(0, str(ROOT / "Training"))
    from methods.uge import licence

    permit = licence.read(told["licence"])
    assert (permit.learner.learner, permit.learner.start) == ("plain", 5)

    service.stop()
    service.start()
    listed = {model["name"]: model for model in service.get("/v1/models").json["models"]}
    assert listed["mine"]["method"] == "uge" and "classes" not in listed["mine"]
    assert listed["mine"]["model_sha256"] == permit.model_sha256
    small = tmp_path / "set/light/0.png"
    done = job(service, "model=mine", "class=any", f"file=@{small};type=image/png")
    assert done["state"] == "done"
    answer = service.get(f"/v1/jobs/{done['id']}/archive.zip")
    (tmp_path / "protected.zip").write_bytes(answer.body)
    shutil.unpack_archive(tmp_path / "protected.zip", tmp_path / "protected")
    before, after = (
        np.asarray(Image.open(path).convert("RGB"))[None]
        for path in (small, tmp_path / "protected/any/0.png")
    )
    assert 4 <= np.abs(after.astype(int) - before).max() <= 8
    assert np.abs(permit.view(after).astype(int) - permit.view(before)).max() <= 2

    large = job(service, "model=mine", "class=any", f"file=@{PARROTS};type=image/jpeg")
    error = images(service, large)[0]["error"]
    assert error["code"] == "mask_unsupported" and "mask=none" in error["detail"]


@pytest.mark.parametrize(
    "text, words",
    [(None, "cannot be read"), ("{", "not JSON"), ('{"learner": "huge"}', "must be one of")],
)
def test_a_learner_that_is_not_sound_is_refused_before_anything_is_made(tmp_path, text, words):
    learner = tmp_path / "net.json"
    if text is not None:
        learner.write_text(text)
    done = subprocess.run(
        [
            BINARY, "fit", "uge", tmp_path, "--authorised", learner,
            "--out", tmp_path / "m.safetensors",
        ],
        capture_output=True, text=True, env={**os.environ, "PALIMPSEST_PYTHON": sys.executable},
    )  # fmt: skip
    assert done.returncode == 2 and words in done.stderr, done.stderr
    assert str(learner) in done.stderr
    assert not list(tmp_path.glob("m.*"))
