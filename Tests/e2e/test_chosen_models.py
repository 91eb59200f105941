"""A service with several weights files, of which a job chooses one by name."""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess

import pytest
from service import BINARY, FIXTURES, Service

ROOT = pathlib.Path(__file__).resolve().parents[2]
RANDOM = ROOT / "Tests/DeepHidingTests/Fixtures/random-weights.safetensors"
PARROTS = FIXTURES / "parrots.jpg"


@pytest.fixture
def models(tmp_path, weights):
    folder = tmp_path / "models"
    folder.mkdir()
    shutil.copy(weights, folder / "shipped.safetensors")
    shutil.copy(RANDOM, folder / "random.safetensors")
    return folder


@pytest.fixture
def service(tmp_path, models):
    service = Service(tmp_path / "data", models, ["--model", "random"]).start()
    yield service
    if service.process.poll() is None:
        service.kill()


def submit(service, *arguments, query=""):
    return service.get(f"/v1/jobs?class=birds{query}", *arguments)


def photo(query, service):
    arguments = ["--data-binary", f"@{PARROTS}", "--header", "Content-Type: image/jpeg"]
    return submit(service, *arguments, query=query)


def report(service, answer):
    assert answer.status == 202, answer
    path = answer.fields["location"]
    job = service.finished(path)
    assert job["state"] == "done", job
    return job["settings"], service.get(f"{path}/images/1/report").json


def test_a_job_chooses_a_model_by_name(service, models):
    hashes = {
        path.stem: hashlib.sha256(path.read_bytes()).hexdigest() for path in models.iterdir()
    }
    for query, model in [("", None), ("&model=shipped", "shipped"), ("&model=random", "random")]:
        settings, made = report(service, photo(query, service))
        assert settings.get("model") == model and ("model" in settings) == (model is not None)
        assert made["model_sha256"] == hashes[model or "random"]
        assert made["method"] == "deep-hiding"
    form = ["--form", "model=shipped", "--form", f"file=@{PARROTS}"]
    settings, made = report(service, submit(service, *form, query="&model=random"))
    assert settings["model"] == "shipped" and made["model_sha256"] == hashes["shipped"]


def test_an_unknown_model_is_refused_with_the_names(service):
    for name in ("other", "", "Shipped", "..%2Fshipped"):
        answer = photo(f"&model={name}", service)
        assert (answer.status, answer.json["code"]) == (400, "model_unknown"), answer
        assert answer.json["detail"] == "The model must be random or shipped."
    form = ["--form", "model=other", "--form", f"file=@{PARROTS}"]
    answer = submit(service, *form)
    assert (answer.status, answer.json["code"]) == (400, "model_unknown"), answer
    assert service.get("/v1/jobs").json["jobs"] == []


def test_a_job_whose_model_is_gone_fails_and_is_tried_again_once_it_is_back(
    service, models, tmp_path
):
    # Stopped codecs leave the job unfinished, and die with the service.
    for pid in service.codecs():
        os.kill(pid, signal.SIGSTOP)
    answer = photo("&model=shipped", service)
    path = answer.fields["location"]
    service.kill()
    kept = tmp_path / "kept.safetensors"
    (models / "shipped.safetensors").rename(kept)
    service.start()
    job = service.finished(path)
    assert job["state"] == "failed", job
    (failure,) = job["failures"]
    assert failure["error"] == {
        "code": "model_unknown",
        "detail": "The job's model is not loaded any more; there is random.",
    }
    assert service.stop() == 0
    kept.rename(models / "shipped.safetensors")
    service.start()
    assert service.get(f"{path}/retry", "--request", "POST").status == 202
    assert service.finished(path)["state"] == "done"


def stating(path, **stated):
    """Writes weights that state something else about themselves, and else are those of `path`."""
    data = RANDOM.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    header["__metadata__"] |= stated
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def metadata(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    return json.loads(data[8 : 8 + length])["__metadata__"]


def test_the_models_are_listed_with_what_their_files_state(service, models):
    answer = service.get("/v1/models")
    assert answer.status == 200, answer
    assert answer.json["default"] == "random"
    random, shipped = answer.json["models"]
    stated = metadata(models / "shipped.safetensors")
    assert shipped == {
        "name": "shipped",
        "method": "deep-hiding",
        "model_sha256": hashlib.sha256(
            (models / "shipped.safetensors").read_bytes()
        ).hexdigest(),
        "licence": stated["licence"],
        "photo_mask": stated.get("photo_mask", "channels"),
        "method_settings": [],
        "recipe_sha256": json.loads(stated["training"])["recipe_sha256"],
        "protection": json.loads(stated["protection"]),
    }
    assert all(shipped["protection"][name]["cells"] for name in ("small pictures", "photos"))
    assert random["name"] == "random" and random["protection"] == {}
    assert random["licence"] == "CC0-1.0, random numbers" and "recipe_sha256" not in random

    tag = answer.fields["etag"]
    again = service.get("/v1/models", "--header", f"If-None-Match: {tag}")
    assert (again.status, again.body, again.fields["etag"]) == (304, b"", tag)
    head = service.get("/v1/models", "--head")
    assert head.status == 200 and head.fields["content-length"] == str(len(answer.body))
    refused = service.get("/v1/models", "--request", "POST")
    assert (refused.status, refused.fields["allow"]) == (405, "GET, HEAD, OPTIONS"), refused
    assert service.curl("/v1/models").json["code"] == "key_missing"


def test_what_weights_state_wrongly_counts_as_missing(tmp_path):
    folder = tmp_path / "models"
    folder.mkdir()
    hostile = {
        "list": "[]",
        "text": "none",
        "nan": '{"mean": NaN}',
        "deep": '{"a":' * 100_000,
        "long": json.dumps({"a": "b" * (256 << 10)}),
        "breakout": '{}},{"name":"x"',
    }
    for name, protection in hostile.items():
        stating(folder / f"{name}.safetensors", protection=protection, licence='\\"\n' * 300_000)
    stating(folder / "good.safetensors", protection=json.dumps({"a": "b" * (255 << 10)}))
    service = Service(tmp_path / "data", folder, ["--model", "good"]).start()
    try:
        answer = service.get("/v1/models").json
        listed = {model["name"]: model["protection"] for model in answer["models"]}
        assert listed == dict.fromkeys(hostile) | {"good": {"a": "b" * (255 << 10)}}
        assert list(listed) == sorted(listed)
        assert all(len(model["licence"]) <= 2000 for model in answer["models"])
        report(service, photo("&model=deep", service))
        assert service.stop() == 0
    finally:
        if service.process.poll() is None:
            service.kill()


def test_submit_asks_for_a_model(service, models, tmp_path):
    (tmp_path / "photos/birds").mkdir(parents=True)
    shutil.copy(PARROTS, tmp_path / "photos/birds/parrots.jpg")

    def run(model, out):
        environment = {n: v for n, v in os.environ.items() if "proxy" not in n.lower()}
        return subprocess.run(
            [
                BINARY, "submit", tmp_path / "photos", "--server",
                f"http://127.0.0.1:{service.port}", "--out", tmp_path / out, "--model", model,
            ],
            env=environment | {"PALIMPSEST_KEY": service.key},
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip

    result = run("shipped", "out")
    assert result.returncode == 0, result.stderr
    made = json.loads((tmp_path / "out-reports/birds/parrots.json").read_text())
    weights = (models / "shipped.safetensors").read_bytes()
    assert made["model_sha256"] == hashlib.sha256(weights).hexdigest()
    result = run("other", "none")
    assert result.returncode == 1, result
    assert "model_unknown" in result.stderr
    assert "The model must be random or shipped." in result.stderr
    assert run("a b", "none").returncode == 2
