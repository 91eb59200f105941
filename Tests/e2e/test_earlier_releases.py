"""Data written by earlier releases stays readable: samples made by each release's binary.

`fixtures/releases/make_sample.py` made them. A sample is named after its binary's commit.
"""

import hashlib
import io
import json
import sqlite3
import subprocess
import tarfile
import time
import zipfile

import numpy as np
import pytest
from PIL import Image
from service import BINARY, FIXTURES, PATIENCE, Service

# The weights of these releases.
WAVES = FIXTURES / "waves-2026-11-21.safetensors"
SAMPLES = sorted((FIXTURES / "releases").glob("*.tar.xz"))


def run(*arguments):
    command = [str(argument) for argument in (BINARY, *arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def contents(folder):
    """The hash of every file of a folder, by its relative path."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def assignments(data):
    with sqlite3.connect(data / "palimpsest.sqlite") as database:
        return {
            row[0]: row[1:]
            for row in database.execute(
                "SELECT label, generator_version, family_seed, class_index, texture_seed FROM "
                "semantic_images"
            )
        }


@pytest.fixture(params=SAMPLES, ids=lambda path: path.name.split(".")[0])
def sample(request, tmp_path):
    with tarfile.open(request.param) as tar:
        tar.extractall(tmp_path, filter="fully_trusted") if hasattr(
            tarfile, "data_filter"
        ) else tar.extractall(tmp_path)
    return tmp_path


@pytest.fixture
def service(sample):
    # Finished jobs are erased after a day, and the sample is older.
    with sqlite3.connect(sample / "data/palimpsest.sqlite") as database:
        later = int((time.time() + 86_400) * 1000)
        database.execute("UPDATE jobs SET expires_at = ? WHERE expires_at IS NOT NULL", [later])
        # As if its release had been killed a moment ago, with images under way.
        held = database.execute("UPDATE images SET lease_until = ? WHERE state = 'running'", [later])
        assert held.rowcount == 5
    database.close()
    service = Service(sample / "data", None).start()
    yield service
    assert service.stop() == 0, service.log()


def test_its_results_verify_and_stay_as_they_are(sample):
    before = contents(sample / "protected")
    again = run("protect", sample / "photos", "--out", sample / "protected", "--skip-existing")
    assert again.returncode == 0, again
    assert contents(sample / "protected") == before
    report = json.loads((sample / "protected/Dog_2.x/IMG_3.json").read_text())
    original = sample / "photos/Dog_2.x/IMG_3.png"
    assert report["input_sha256"] == hashlib.sha256(original.read_bytes()).hexdigest()
    checked = run(
        "verify", original, sample / "protected/Dog_2.x/IMG_3.png",
        "--manifest", sample / "protected/Dog_2.x/IMG_3.json",
    )
    assert checked.returncode == 0 and checked.stdout.splitlines()[-1] == "verified", checked


def test_its_classes_keep_their_secrets_in_a_folder_of_results(sample):
    classes = sample / "protected/palimpsest-classes.json"
    before = json.loads(classes.read_text())
    report = json.loads((sample / "protected/cat/IMG_2.json").read_text())
    # The same photo in an empty folder with the same list of classes hides the same image.
    (sample / "other").mkdir()
    (sample / "other/palimpsest-classes.json").write_text(classes.read_text())
    again = run(
        "protect", sample / "photos/cat/IMG_2.png", "--class", "cat", "--out", sample / "other",
        "--weights", WAVES,
    )  # fmt: skip
    assert again.returncode == 0, again
    # The list leaves the folder that is published.
    assert json.loads((sample / "other-reports/palimpsest-classes.json").read_text()) == before
    assert not (sample / "other/palimpsest-classes.json").exists()
    fresh = json.loads((sample / "other-reports/cat/IMG_2.json").read_text())
    assert fresh["semantic_image_sha256"] == report["semantic_image_sha256"]


def test_its_results_are_known_by_the_reports_beside_them(sample):
    folder = sample / "protected"
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    result = run("protect", sample / "photos", "--out", folder, "--skip-existing")
    assert result.returncode == 0, result
    assert "left out 5 photos that have a result" in result.stderr
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_without_a_mask_its_pixels_come_out_again(sample):
    (sample / "other").mkdir()
    (sample / "other/palimpsest-classes.json").write_text(
        (sample / "protected/palimpsest-classes.json").read_text()
    )
    again = run(
        "protect", sample / "photos", "--out", sample / "other", "--mask", "none",
        "--weights", WAVES,
    )  # fmt: skip
    assert again.returncode == 0, again
    earlier, fresh = results(sample / "protected"), results(sample / "other")
    assert len(fresh) == 5 and set(earlier) == set(fresh)
    for digest, (report, pixels) in fresh.items():
        assert report["mask"] == "none" == earlier[digest][0].get("mask", "none")
        difference = abs(pixels - earlier[digest][1])
        # Another instruction-set family rounds a few samples in a million differently.
        assert difference.max() <= 1 and (difference > 0).mean() < 0.001, report


def results(folder):
    """{photo hash: its report and the protected pixels}.

    Some class folders have other names today.
    """
    found = {}
    for path in folder.rglob("*.png"):
        beside = path.with_suffix(".json")
        moved = folder.with_name(f"{folder.name}-reports") / beside.relative_to(folder)
        report = json.loads((beside if beside.exists() else moved).read_text())
        found[report["input_sha256"]] = report, np.asarray(Image.open(path)).astype(int)
    return found



def test_its_archives_verify(sample):
    with zipfile.ZipFile(sample / "archive.zip") as archive:
        archive.extractall(sample / "archive")
        manifest = json.loads(archive.read("manifest.json"))
    assert len(manifest["images"]) == 5
    for image in manifest["images"]:
        checked = run(
            "verify", next(p for p in (sample / "photos").rglob("*.png") if is_original(p, image)),
            sample / "archive" / image["file"],
            "--manifest", sample / "archive/manifest.json", "--key", sample / "key.pem",
        )
        assert checked.returncode == 0 and checked.stdout.splitlines()[-1] == "verified", checked


def is_original(path, image):
    return hashlib.sha256(path.read_bytes()).hexdigest() == image["report"]["input_sha256"]


def test_its_data_folder_is_served_and_its_open_job_goes_on(sample, service):
    done, opened = ((sample / name).read_text() for name in ("job-done", "job-open"))
    job = service.finished(f"/v1/jobs/{opened}")
    assert (job["state"], job["counts"]["done"], job["counts"]["total"]) == ("done", 5, 5), job
    assert job["settings"]["strength"] == 6
    # What it was promised, not today's default: the first releases had no mask.
    with zipfile.ZipFile(sample / "archive.zip") as archive:
        promised = json.loads(archive.read("manifest.json"))["settings"].get("mask", "none")
    assert job["settings"]["mask"] == promised
    reports = [image["report"] for image in service.get(f"/v1/jobs/{opened}/images").json["images"]]
    assert [report["mask"] for report in reports] == ["none"] * 5

    with zipfile.ZipFile(sample / "archive.zip") as before:
        now = zipfile.ZipFile(io.BytesIO(service.get(f"/v1/jobs/{done}/archive.zip").body))
        with now:
            pictures = [name for name in before.namelist() if name.endswith(".png")]
            assert len(pictures) == 5
            files = {
                image["number"]: image["file"]
                for image in json.loads(now.read("manifest.json"))["images"]
            }
            for image in json.loads(before.read("manifest.json"))["images"]:
                assert now.read(files[image["number"]]) == before.read(image["file"])
    assert service.get("/v1/signing-key").body == (sample / "key.pem").read_bytes()


def test_its_keys_and_classes_are_what_they_were(sample, service):
    assert service.curl("/v1/jobs", key=(sample / "alice-key").read_text()).status == 200
    kept = assignments(sample / "data")
    assert set(kept) == {"cat", "Dog_2.x", "con"}
    for label, (_, family_seed, index, texture_seed) in kept.items():
        answer = service.get(f"/v1/classes/{label}")
        assert answer.status == 200, answer
        shown = json.dumps(answer.json)
        assert str(family_seed % 2**64) in shown and str(texture_seed % 2**64) in shown, (
            answer, index
        )
    assert service.get("/v1/classes/Dog_2.x/semantic-image").status == 200
