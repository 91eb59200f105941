"""The archive of an unfinished job: everything done so far, complete and checked."""

import hashlib
import json
import os
import signal

import numpy as np
import pytest
from archives import members
from PIL import Image


@pytest.fixture
def photos(tmp_path):
    """Four photos large enough to be claimed one by one."""
    paths = []
    for seed in range(4):
        path = tmp_path / f"photo{seed}.png"
        noise = np.random.default_rng(seed).integers(0, 256, (96, 96, 3), dtype=np.uint8)
        Image.fromarray(noise).save(path)
        assert path.stat().st_size > 16 << 10
        paths.append(path)
    return paths


def blob(service, path):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return service.data / "blobs" / digest[:2] / digest


def check(answer, expected, states):
    """Checks an archive with zipfile and hashlib; returns the names of its pictures."""
    assert answer.status == 200
    assert int(answer.fields["content-length"]) == len(answer.body)
    files = members(answer.body)
    manifest = json.loads(files["manifest.json"])
    assert [image["state"] for image in manifest["images"]] == states
    sums = dict(reversed(line.split("  ", 1)) for line in files["SHA256SUMS"].decode().splitlines())
    assert sums == {
        name: hashlib.sha256(data).hexdigest()
        for name, data in files.items()
        if name != "SHA256SUMS"
    }
    assert {name for name in files if name.endswith(".png")} == expected
    for image in manifest["images"]:
        if image["state"] == "done":
            assert image["report"]["output_sha256"] == sums[image["file"]]


def test_what_is_done_can_be_fetched_while_the_rest_waits(make_service, photos):
    service = make_service()
    held = service.codecs()
    for pid in held:
        os.kill(pid, signal.SIGSTOP)
    form = [word for path in photos for word in ("--form", f"file=@{path}")]
    job = service.get("/v1/jobs", "--form", "class=a", *form).json
    path = job["links"]["self"]
    archive, partial = f"{path}/archive.zip", f"{path}/archive.zip?partial=true"

    # Before any image is done: only the manifest.
    service.wait_for(
        lambda: service.get(path).json["counts"]["running"] == 2, "two images to be in hand"
    )
    check(service.get(partial), set(), ["running", "running", "queued", "queued"])

    # Two of the files are moved away for a while, so that two images are done and two wait.
    away = [blob(service, photo) for photo in photos[2:]]
    for file in away:
        file.rename(file.with_suffix(".away"))
    for pid in held:
        os.kill(pid, signal.SIGCONT)
    service.wait_for(lambda: service.get(path).json["counts"]["done"] == 2, "two images to be done")
    done = {"a/photo0.png", "a/photo1.png"}
    first = service.get(partial)
    files = members(first.body)
    assert {name for name in files if name.endswith(".png")} == done
    states = [image["state"] for image in json.loads(files["manifest.json"])["images"]]
    check(first, done, states)
    assert states[:2] == ["done", "done"] and not set(states[2:]) & {"done", "failed"}
    refused = service.get(archive)
    assert (refused.status, refused.json["code"]) == (409, "job_unfinished")
    assert "retry-after" in refused.fields
    assert service.get(f"{archive}?partial=perhaps").json["code"] == "partial_invalid"

    # Then the rest; the archive fetched before differs from the complete one, and can be told
    # apart.
    for file in away:
        file.with_suffix(".away").rename(file)
    assert service.finished(path)["counts"]["done"] == 4
    whole = service.get(archive)
    check(whole, {f"a/photo{number}.png" for number in range(4)}, ["done"] * 4)
    assert whole.fields["etag"] != first.fields["etag"]
    assert all(members(whole.body)[name] == data for name, data in files.items() if name in done)
    rest = ["--header", "Range: bytes=1000-", "--header"]
    resumed = service.get(partial, *rest, f"If-Range: {first.fields['etag']}")
    assert (resumed.status, resumed.body) == (200, whole.body)

    # A finished job has a single archive at either address.
    same = service.get(partial)
    assert (same.body, same.fields["etag"]) == (whole.body, whole.fields["etag"])
    tail = service.get(partial, *rest, f"If-Range: {whole.fields['etag']}")
    assert (tail.status, tail.body) == (206, whole.body[1000:])
    head = service.get(partial, "--head")
    assert (head.status, head.fields["content-length"]) == (200, str(len(whole.body)))
    assert service.get(partial, "--header", f"If-None-Match: {whole.fields['etag']}").status == 304


def test_a_job_without_any_protected_image_has_a_partial_archive_of_its_manifest(
    make_service, tmp_path
):
    service = make_service()
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff")
    path = service.get("/v1/jobs", "--form", "class=a", "--form", f"file=@{broken}").json["links"][
        "self"
    ]
    assert service.finished(path)["state"] == "failed"
    assert service.get(f"{path}/archive.zip").json["code"] == "job_failed"
    check(service.get(f"{path}/archive.zip?partial=true"), set(), ["failed"])
