"""A disk flips a byte of a protected picture, which is then never delivered as the picture."""

import hashlib
import subprocess

import pytest
from service import FIXTURES


@pytest.fixture
def rotten(make_service):
    """A service, a finished job's path, and the picture's bytes before one was changed on disk."""
    service = make_service()
    path = service.get("/v1/jobs?class=a", "--data-binary", f"@{FIXTURES / 'hats.png'}").json[
        "links"
    ]["self"]
    service.finished(path)
    picture = service.get(f"{path}/images/1.png").body
    digest = hashlib.sha256(picture).hexdigest()
    blob = service.data / "blobs" / digest[:2] / digest
    changed = bytearray(picture)
    changed[1000] ^= 1
    blob.write_bytes(changed)
    return service, path, picture


def fetch(service, path, out, *arguments):
    command = [
        "curl", "--silent", "--output", out, "--header", f"Authorization: Bearer {service.key}",
        *arguments,
    ]  # fmt: skip
    return subprocess.run([*command, service.url(path)], check=False).returncode


@pytest.mark.parametrize("name", ["images/1.png", "archive.zip"])
def test_a_changed_picture_is_cut_short(rotten, tmp_path, name):
    service, path, picture = rotten
    out = tmp_path / "out"
    # 18: the transfer ended before the promised length; 56: the connection was reset during it.
    assert fetch(service, f"{path}/{name}", out) in (18, 56)
    got = out.read_bytes() if out.exists() else b""
    assert len(got) < len(picture)
    service.wait_for(lambda: "the disk has changed a file" in service.log(), "the log to say so")
    # The connection was cut, the service continues.
    assert service.get(path).json["state"] == "done"


def test_a_part_is_what_the_disk_has(rotten, tmp_path):
    service, path, picture = rotten
    out = tmp_path / "out"
    assert fetch(service, f"{path}/images/1.png", out, "--range", "0-99") == 0
    assert out.read_bytes() == picture[:100]
    assert "the disk has changed a file" not in service.log()
