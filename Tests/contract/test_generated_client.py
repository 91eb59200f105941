"""A client that openapi-python-client generates from the contract takes the whole walk."""

import importlib
import io
import os
import pathlib
import subprocess
import sys
import zipfile
from types import SimpleNamespace

import pytest
from conftest import FIXTURES, ROOT

CONFIGURATION = ROOT / "docs/clients/openapi-python-client.yaml"
# The id of no job.
NO_JOB = "job_00000000000000000000000000"


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The package `generated`, which must come without a warning."""
    folder = tmp_path_factory.mktemp("client")
    tools = pathlib.Path(sys.executable).parent
    result = subprocess.run(
        [tools / "openapi-python-client", "generate", "--path", ROOT / "Public/openapi.json",
         "--config", CONFIGURATION, "--meta", "none", "--output-path", folder / "generated"],
        # It formats what it has made by ruff, which it looks for on the PATH.
        env={**os.environ, "PATH": f"{tools}:{os.environ['PATH']}"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = result.stdout + result.stderr
    assert result.returncode == 0 and "WARNING" not in said and "ERROR" not in said, said
    assert said.strip().splitlines() == [f"Generating {folder / 'generated'}"], said
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("generated")
    finally:
        sys.path.remove(str(folder))


@pytest.fixture
def walk(generated, make_measured):
    """The operations by tag and name, each called with the client, and its models and types."""
    # The address is one to which nothing is sent here.
    service = make_measured("--webhooks", "on", "--webhook-local-hosts", "127.0.0.1:9")
    # Pollings wait on the server; redirects and retries there are none.
    client = generated.AuthenticatedClient(
        base_url=service.url(""), token=service.key, raise_on_unexpected_status=True, timeout=120
    )

    def call(tag, operation, *arguments, status=200, **options):
        module = importlib.import_module(f"generated.api.{tag}.{operation}")
        answer = module.sync_detailed(*arguments, client=client, **options)
        assert answer.status_code == status, answer
        return answer.parsed

    yield SimpleNamespace(
        call=call,
        models=importlib.import_module("generated.models"),
        types=importlib.import_module("generated.types"),
        client=client,
    )
    assert service.stop() == 0, service.log()


def file(walk, name):
    return walk.types.File(io.BytesIO((FIXTURES / name).read_bytes()), name, "image/jpeg")


def test_a_form_goes_in_and_an_archive_comes_out(walk):
    call, models = walk.call, walk.models
    form = models.CreateJobFilesBody(
        class_="birds", strength=6, preview=True,
        file=[file(walk, "parrots.jpg"), file(walk, "plane.jpg")],
    )
    job = call("jobs", "create_job", body=form, status=202)
    assert isinstance(job, models.Job) and job.counts.total == 2
    while not job.state.value == "done":
        job = call("jobs", "get_job", job.id, wait=30)
    assert job.counts.done == 2 and job.failures == []

    images = call("images", "list_images", job.id)
    assert isinstance(images, models.ImageList)
    assert [image.file for image in images.images] == ["birds/parrots.png", "birds/plane.png"]
    report = call("images", "get_report", job.id, 1)
    assert isinstance(report, models.Report) and 0 < report.linf <= report.bound == 6
    picture = call("images", "get_image", job.id, 1)
    assert picture.payload.read().startswith(b"\x89PNG\r\n\x1a\n")
    for name in ("get_preview_before", "get_preview_after"):
        assert call("images", name, job.id, 2).payload.read().startswith(b"\xff\xd8\xff")
    archive = call("images", "get_archive", job.id).payload
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None and "birds/plane.png" in opened.namelist()

    jobs = call("jobs", "list_jobs", limit=1)
    assert isinstance(jobs, models.JobList) and [one.id for one in jobs.jobs] == [job.id]
    problem = call("jobs", "retry_job", job.id, status=409)
    assert isinstance(problem, models.Problem) and problem.code == "nothing_to_retry"
    assert call("jobs", "delete_job", job.id, status=204) is None
    assert call("jobs", "get_job", job.id, status=404).code == "job_unknown"


def test_one_picture_goes_in_as_bytes(walk):
    options = {"class_": "birds", "name": "a.jpg", "prefer": "wait=60"}
    job = walk.call("jobs", "create_job", body=file(walk, "parrots.jpg"), **options)
    assert job.state.value == "done" and job.preview is False
    assert walk.call("jobs", "cancel_job", job.id).counts.done == 1
    shown = walk.call("jobs", "preview_image", body=file(walk, "parrots.jpg"))
    assert shown.payload.read().startswith(b"\x89PNG")


def test_classes_models_and_keys(walk):
    call, models = walk.call, walk.models
    (model,) = call("models", "list_models").models
    assert model.name == "deep-hiding"

    made = call("classes", "put_class", "cat", status=201, body=models.Assignment(
        generator_version=2, family_seed="7", class_index=0, texture_seed="9",
    ))  # fmt: skip
    assert made.label == "cat" and made.semantic_image.value == "generated"
    picture = file(walk, "hats.png")
    changed = call("classes", "put_semantic_image", "cat", body=picture)
    assert changed.semantic_image.value == "imported" and changed.imported_count == 1
    stored = call("classes", "get_semantic_image", "cat")
    assert stored.payload.read().startswith(b"\x89PNG")
    assert call("classes", "delete_semantic_image", "cat", status=204) is None
    assert call("classes", "get_class", "cat").imported_count == 0
    assert [one.label for one in call("classes", "list_classes").classes] == ["cat"]

    new = models.NewKey(name="alice", scopes=[models.Scope.READ])
    key = call("keys", "create_key", body=new, status=201)
    assert key.secret.startswith("plm_") and key.scopes == [models.Scope.READ]
    change = models.KeyChange(name="alice's")
    assert call("keys", "update_key", key.id, body=change).name == "alice's"
    assert call("keys", "get_key", key.id).state.value == "active"
    assert call("keys", "revoke_key", key.id).state.value == "revoked"
    assert {one.name for one in call("keys", "list_keys").keys} >= {"alice's"}


def test_a_webhook(walk):
    call, models = walk.call, walk.models
    new = models.NewWebhook(url="http://127.0.0.1:9/hook")
    made = call("webhooks", "put_webhook", body=new, status=201)
    assert made.secret.startswith("whsec_") and made.state.value == "active"
    assert call("webhooks", "get_webhook").url == new.url
    message = call("webhooks", "test_webhook", status=202)
    assert message.state.value == "waiting"
    (listed,) = call("webhooks", "list_webhook_messages").messages
    assert listed.id == message.id
    again = call("webhooks", "resend_webhook_message", message.id, status=202)
    assert again.id == message.id
    assert call("webhooks", "delete_webhook", status=204) is None
    assert call("webhooks", "get_webhook", status=404).code == "webhook_missing"


def test_the_service_itself(walk):
    call = walk.call
    assert call("service", "health").status == "ok"
    assert call("service", "readiness").status == "ready"
    assert call("service", "version").version == (ROOT / "VERSION").read_text().strip()
    assert call("service", "get_signing_key").startswith("-----BEGIN PUBLIC KEY-----")
    assert call("service", "contract")["openapi"] == "3.1.0"
    assert call("service", "page").startswith("<!doctype html>")
    token = walk.models.SignInToken(token="none")
    assert call("service", "sign_in", body=token, status=403).code == "sign_in_invalid"


def test_a_refusal_is_a_problem_whose_type_is_an_address(walk):
    problem = walk.call("jobs", "get_job", NO_JOB, status=404)
    assert isinstance(problem, walk.models.Problem)
    assert (problem.code, problem.status) == ("job_unknown", 404)
    assert problem.type_ == "/docs/problems#job_unknown"
