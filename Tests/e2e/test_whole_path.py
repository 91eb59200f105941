"""A photo in by curl, a protected archive out; and the same with processes killed meanwhile."""

import base64
import hashlib
import json
import os
import signal
import stat
import subprocess

import pytest
from archives import FIXTURE_OF, PHOTOS, check_archive, check_protected, upload_arguments
from service import BINARY, FIXTURES, no_secret_in


PICTURE = next(iter(PHOTOS))


@pytest.fixture
def broken(tmp_path):
    """A JPEG truncated within its header."""
    path = tmp_path / "broken.jpg"
    path.write_bytes((FIXTURES / "parrots.jpg").read_bytes()[:300])
    return path


def submit(service, broken):
    answer = service.get("/v1/jobs", *upload_arguments(broken))
    assert answer.status == 202, answer
    job = answer.json
    assert answer.fields["location"].endswith(f"/v1/jobs/{job['id']}")
    assert int(answer.fields["retry-after"]) >= 0
    assert job["counts"]["total"] == 4
    return f"/v1/jobs/{job['id']}"


def check_result(service, path):
    job = service.finished(path)
    assert job["state"] == "done"
    assert (job["counts"]["total"], job["counts"]["done"], job["counts"]["failed"]) == (4, 3, 1)
    assert [(failed["number"], failed["name"]) for failed in job["failures"]] == [(3, "broken")]
    error = job["failures"][0]["error"]
    assert error["code"].startswith("image_") and error["detail"].endswith(".")
    archive = service.get(f"{path}/archive.zip")
    assert archive.status == 200
    assert archive.fields["content-type"] == "application/zip"
    assert int(archive.fields["content-length"]) == len(archive.body)
    return archive, check_archive(archive.body)


def test_the_manifest_is_signed_and_openssl_and_verify_agree(make_service, broken, tmp_path):
    service = make_service()
    _, files = check_result(service, submit(service, broken))
    for name in ("manifest.json", "manifest.json.sig"):
        (tmp_path / name).write_bytes(files[name])
    key = service.curl("/v1/signing-key")
    assert key.status == 200 and key.body.startswith(b"-----BEGIN PUBLIC KEY-----\n")
    (tmp_path / "key.pem").write_bytes(key.body)
    secret = service.data / "signing-key"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    public = (
        subprocess.run(
            ["openssl", "pkey", "-in", secret, "-pubout"], capture_output=True, check=True
        ).stdout
    )
    assert public == key.body
    openssl = [
        "openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "key.pem", "-rawin", "-in",
        "manifest.json", "-sigfile", "manifest.json.sig",
    ]  # fmt: skip
    subprocess.run(openssl, cwd=tmp_path, check=True)
    (tmp_path / "picture.png").write_bytes(files[PICTURE])
    command = [
        BINARY, "verify", FIXTURES / PHOTOS[PICTURE], "picture.png", "--manifest", "manifest.json",
        "--key", "key.pem",
    ]  # fmt: skip
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 0 and result.stdout.endswith("\nverified\n"), result
    (tmp_path / "manifest.json").write_bytes(
        files["manifest.json"].replace(b'"strength" : 8', b'"strength" : 9', 1)
    )
    result = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.returncode == 1 and "signature       not by that key" in result.stdout, result
    assert subprocess.run(openssl, cwd=tmp_path, capture_output=True, check=False).returncode != 0
    # The key outlives the process.
    service.kill()
    assert service.start().curl("/v1/signing-key").body == key.body


def test_photos_go_in_and_a_protected_archive_comes_out(make_service, broken):
    service = make_service()
    path = submit(service, broken)
    archive, files = check_result(service, path)

    # The images one by one.
    manifest = json.loads(files["manifest.json"])
    assert manifest["settings"]["mask"] == "auto"
    assert (
        {image["report"]["mask"] for image in manifest["images"] if image["state"] == "done"}
        == {"photo"}
    )
    listed = service.get(f"{path}/images").json["images"]
    assert [image["state"] for image in listed] == ["done", "done", "failed", "done"]
    failed = service.get(f"{path}/images?state=failed").json["images"]
    assert [image["name"] for image in failed] == ["broken"]
    names = {image["number"]: image["name"] for image in listed if image["state"] == "done"}
    for number, name in names.items():
        one = service.get(f"{path}/images/{number}.png")
        assert (one.status, one.fields["content-type"]) == (200, "image/png")
        digest = base64.b64encode(hashlib.sha256(one.body).digest()).decode()
        assert one.fields["repr-digest"] == f"sha-256=:{digest}:"
        assert one.body in files.values()
        check_protected(one.body, FIXTURES / FIXTURE_OF[name])
        report = service.get(f"{path}/images/{number}/report").json
        assert 0 < report["linf"] <= 8 == report["bound"]
        # What `auto` resolves to for a photo.
        assert report["mask"] == "photo"
    assert service.get(f"{path}/images/3.png").status == 409
    assert service.get(f"{path}/images/99.png").status == 404

    # Conditional and partial requests.
    tag = archive.fields["etag"]
    assert service.get(f"{path}/archive.zip", "-H", f"If-None-Match: {tag}").status == 304
    head = service.get(f"{path}/archive.zip", "--head")
    assert (head.status, head.fields["content-length"]) == (200, str(len(archive.body)))
    tail = service.get(f"{path}/archive.zip", "-H", "Range: bytes=100-")
    assert (tail.status, tail.body) == (206, archive.body[100:])
    middle = service.get(f"{path}/archive.zip", "-H", "Range: bytes=5000-70000")
    assert middle.body == archive.body[5000:70001]
    assert middle.fields["content-range"] == f"bytes 5000-70000/{len(archive.body)}"
    assert (
        service.get(f"{path}/archive.zip", "-H", f"Range: bytes={len(archive.body)}-").status == 416
    )

    # Only the owner can read the data folder, and the log contains neither keys nor file names.
    assert stat.S_IMODE(service.data.stat().st_mode) == 0o700
    assert stat.S_IMODE((service.data / "admin-key").stat().st_mode) == 0o600
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in service.data.rglob("*")}
    assert service.data / "palimpsest.sqlite" in modes
    assert {path: oct(mode) for path, mode in modes.items() if mode & 0o077} == {}
    key = service.key
    assert service.stop() == 0, service.log()
    log = service.log()
    no_secret_in(log, key, "parrots", "broken")
    lines = [json.loads(line) for line in log.splitlines()]
    assert any(line.get("http.status") in (202, "202") for line in lines), log[-2000:]

    # A restart keeps the job, the key and every byte.
    service.start()
    assert service.key == key
    assert check_result(service, path)[0].body == archive.body

    # Erasing removes the files too.
    assert service.get(path, "-X", "DELETE").status == 204
    assert service.get(path).status == 404
    assert service.get(f"{path}/archive.zip").status == 404
    left = [name for folder, _, names in os.walk(service.data / "blobs") for name in names]
    assert left == []


def test_killed_processes_lose_nothing(make_service, broken):
    service = make_service()
    expected = check_result(service, submit(service, broken))[1]

    # The codecs are stopped, so that each keeps its images in progress.
    first, second = service.codecs()
    for pid in (first, second):
        os.kill(pid, signal.SIGSTOP)
    path = submit(service, broken)
    service.wait_for(lambda: counts(service, path)["running"] == 4, "all images to be in hand")

    # One codec dies: its successor finishes its images, the others are still in progress.
    os.kill(first, signal.SIGKILL)
    service.wait_for(
        lambda: counts(service, path)["done"] > 0, "the dead codec's images to be done"
    )
    assert service.get(path).json["state"] == "running"
    assert first not in service.codecs()

    # Then the server dies, and all its children with it.
    codecs = service.codecs()
    assert second in codecs
    service.kill()
    for pid in codecs:
        service.wait_for(lambda: is_gone(pid), "the codecs to die with the server")

    service.start()
    again = check_result(service, path)[1]
    assert {name: again[name] for name in PHOTOS} == {name: expected[name] for name in PHOTOS}
    assert service.stop() == 0, service.log()


def counts(service, path):
    return service.get(path).json["counts"]


def is_gone(pid):
    """Whether a process has ended; an unreaped one counts as ended."""
    try:
        with open(f"/proc/{pid}/stat") as status:
            return status.read().rpartition(")")[2].split()[0] in "ZX"
    except FileNotFoundError:
        return True


def test_a_second_server_on_the_same_data_is_refused(make_service):
    service = make_service()
    second = subprocess.run(
        [BINARY, "serve", "--bind", "127.0.0.1:0", "--data", service.data, "--weights",
        service.weights],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert second.returncode != 0
    assert "in use" in second.stderr
    assert service.get("/v1/jobs").status == 200
