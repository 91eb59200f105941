"""Tars and ZIPs uploaded by curl: folders become classes, and refusals leave nothing."""

import gzip
import io
import json
import os
import socket
import struct
import subprocess
import tarfile
import zipfile

import pytest
from archives import check_protected, members
from service import FIXTURES, PATIENCE, Answer
from test_requests import blobs, jobs, problem

TAR, ZIP = "application/x-tar", "application/zip"
CLASSES = {
    "birds/parrots.png": "parrots.jpg",
    "things/hats.png": "hats.png",
    "things/plane.png": "plane.jpg",
}


@pytest.fixture
def photos(tmp_path):
    """A folder of class folders, as users have them."""
    folder = tmp_path / "photos"
    for name, fixture in CLASSES.items():
        path = folder / name.split("/")[0] / fixture
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes((FIXTURES / fixture).read_bytes())
    return folder


def send(service, body, type=TAR, query="", *arguments):
    path = service.data.parent / "body"
    path.write_bytes(body)
    return service.get(
        f"/v1/jobs{query}", "--header", f"Content-Type: {type}", "--data-binary", f"@{path}",
        *arguments,
    )  # fmt: skip


def images(service, job):
    return service.get(f"/v1/jobs/{job['id']}/images").json["images"]


def check_results(service, answer):
    assert answer.status == 202, answer
    path = f"/v1/jobs/{answer.json['id']}"
    job = service.finished(path)
    assert (job["state"], job["counts"]["done"], job["counts"]["failed"]) == ("done", 3, 0), job
    files = members(service.get(f"{path}/archive.zip").body)
    assert {name for name in files if name.endswith(".png")} == set(CLASSES)
    for name, fixture in CLASSES.items():
        check_protected(files[name], FIXTURES / fixture)
    manifest = json.loads(files["manifest.json"])
    assert (
        {image["file"]: image["class"] for image in manifest["images"]}
        == {name: name.split("/")[0] for name in CLASSES}
    )


def left_over(service):
    return [path for path in (service.data / "tmp").rglob("*") if path.is_file()]


def tarred(*entries, format=tarfile.GNU_FORMAT):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=format) as archive:
        for name, content in entries:
            info = tarfile.TarInfo(name)
            if isinstance(content, tuple):
                info.type, info.linkname = content
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def zipped(*entries, method=zipfile.ZIP_DEFLATED):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


# ---- What people send ----


@pytest.mark.parametrize(
    "pack",
    ["tar -C photos -c .", "cd photos && tar c birds things", "cd photos && tar c --format=posix *",
    "cd photos && zip -qr - .",
     "cd photos && zip -q0r - *"],
)  # fmt: skip
def test_an_archive_out_of_a_pipe_is_a_job_of_many_classes(shared_service, photos, pack):
    # -T - sends chunks of tar's output while tar is still running.
    type = TAR if "tar" in pack else ZIP
    command = (
        f"{{ {pack}; }} | curl --silent --show-error --include --max-time {PATIENCE} "
        f"--request POST --upload-file - --header 'Content-Type: {type}' "
        f"--user '{shared_service.key}:' "
        f"{shared_service.url('/v1/jobs')}"
    )
    result = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        cwd=photos.parent,
        capture_output=True,
        check=False,
    )
    assert result.returncode == 0, result
    head, _, body = result.stdout.rpartition(b"\r\n\r\n")
    assert b" 202 " in head, result.stdout
    check_results(shared_service, Answer(202, {}, body))


def test_an_archive_with_a_length_and_one_of_a_file(shared_service, photos):
    packed = (
        subprocess.run(["tar", "-C", photos, "-c", "."], capture_output=True, check=True).stdout
    )
    check_results(shared_service, send(shared_service, packed))
    zip = photos.parent / "photos.zip"
    subprocess.run(["zip", "-qr", zip, "."], cwd=photos, check=True)
    check_results(shared_service, send(shared_service, zip.read_bytes(), ZIP))


def test_settings_of_the_query_and_waiting_hold_for_archives(shared_service):
    photo = (FIXTURES / "plane.jpg").read_bytes()
    answer = send(shared_service, tarred(("plane.jpg", photo), ("sky/plane.jpg", photo)), TAR,
                  "?class=things&strength=4",
                  "--header", "Prefer: wait=60", "--header", "Idempotency-Key: tar-1")  # fmt: skip
    assert (answer.status, answer.json["state"]) == (200, "done"), answer
    assert answer.json["settings"]["strength"] == 4
    # The folder takes precedence over the query.
    assert (
        [image["file"] for image in images(shared_service, answer.json)]
        == ["things/plane.png", "sky/plane.png"]
    )
    # The idempotency key covers an archive's contents, not how it was packed.
    again = send(shared_service, zipped(("plane.jpg", photo), ("sky/plane.jpg", photo)), ZIP,
                 "?class=things&strength=4",
                 "--header", "Idempotency-Key: tar-1")  # fmt: skip
    assert again.fields["idempotent-replayed"] == "true"
    assert again.json["id"] == answer.json["id"]


@pytest.mark.parametrize("pack, type", [(tarred, TAR), (zipped, ZIP)])
def test_names_are_data(shared_service, pack, type):
    photo = (FIXTURES / "plane.jpg").read_bytes()
    long = "x" * 300
    body = pack(
        ("cats/", b"") if pack is zipped else ("cats", (tarfile.DIRTYPE, "")),
        ("cats/a.jpg", photo), ("cats/2024/a.png", photo),
        ("cats\\A.jpeg", photo), ("./cats/./größe.jpg", photo), ("cats/CON.jpg", photo),
        (f"cats/{long}.jpg", photo),
        ("cats/.DS_Store", b"x"), ("__MACOSX/cats/._a.jpg", b"x"), ("cats/._a.jpg", b"x"),
        ("cats/Thumbs.db", b"x"),
        ("my cats/", b"") if pack is zipped else ("my cats", (tarfile.DIRTYPE, "")),
    )  # fmt: skip
    answer = send(shared_service, body, type, "", "--header", "Prefer: wait=60")
    assert (answer.status, answer.json["state"]) == (200, "done"), answer
    assert [image["file"] for image in images(shared_service, answer.json)] == [
        "cats/a.png", "cats/a-2.png", "cats/A-3.png", "cats/größe.png", "cats/_CON.png",
        f"cats/{'x' * 180}.png",
    ]  # fmt: skip


def test_what_is_no_picture_fails_alone(make_service):
    service = make_service("--max-image-bytes", "100000")
    photo = (FIXTURES / "plane.jpg").read_bytes()
    body = tarred(
        ("a/plane.jpg", photo), ("a/link.jpg", (tarfile.SYMTYPE, "/etc/passwd")),
        ("a/same.jpg", (tarfile.LNKTYPE, "a/plane.jpg")),
        ("a/pipe.jpg", (tarfile.FIFOTYPE, "")), ("a/notes.txt", b"hello"),
        ("a/big.jpg", bytes(100_001)), ("a/none.jpg", b""),
        ("a/text.jpg", b"hello"), ("a/inner.zip", zipped(("a/plane.jpg", photo))),
        ("a/latest", (tarfile.SYMTYPE, "plane.jpg")),
    )  # fmt: skip
    answer = send(service, body, TAR, "", "--header", "Prefer: wait=60")
    assert (answer.status, answer.json["state"]) == (200, "done"), answer
    assert [(image["name"], image.get("error", {}).get("code")) for image in images(service,
        answer.json)] == [
        ("plane", None), ("link", "image_not_a_file"), ("same", "image_not_a_file"),
        ("pipe", "image_not_a_file"),
        ("big", "image_too_large"), ("none", "image_empty"), ("text", "image_unsupported"),
    ]  # fmt: skip
    assert answer.json["passed_over"] == {
        "total": 3, "reasons": {"sidecar": 1, "other": 1, "link": 1},
        "examples": ["a/notes.txt", "a/inner.zip", "a/latest"],
    }  # fmt: skip
    big = send(
        service,
        zipped(("a/plane.jpg", photo), ("a/big.jpg", bytes(100_001))),
        ZIP,
        "",
        "--header",
        "Prefer: wait=60",
    )
    assert (
        [image.get("error", {}).get("code") for image in images(service, big.json)]
        == [None, "image_too_large"]
    )
    assert service.stop() == 0


# ---- What is refused ----


def changed(data, place, value):
    return data[:place] + value + data[place + len(value) :]


def refusals():
    photo = (FIXTURES / "plane.jpg").read_bytes()
    tar, zip = tarred(("a/plane.jpg", photo)), zipped(("a/plane.jpg", photo))
    directory = zip.index(b"PK\1\2")
    first = ("a/plane.jpg", photo)
    yield (
        "cut behind its member",
        tar[: 512 + (len(photo) + 511) // 512 * 512],
        TAR,
        400,
        "archive_truncated"
    )
    yield "cut within a member", tar[:5000], TAR, 400, "archive_truncated"
    yield "no tar", photo, TAR, 400, "archive_invalid"
    yield "a wrong checksum", changed(tar, 0, b"b"), TAR, 400, "archive_invalid"
    yield "two tars", tar + tar, TAR, 400, "archive_invalid"
    yield "gzip", gzip.compress(tar), TAR, 415, "archive_compressed"
    yield "gzip by its type", gzip.compress(tar), "application/gzip", 415, "archive_compressed"
    yield (
        "out of the folder",
        tarred(first, ("../../etc/passwd", photo)),
        TAR,
        400,
        "archive_member_invalid"
    )
    yield "absolute", tarred(first, ("/etc/passwd", photo)), TAR, 400, "archive_member_invalid"
    yield (
        "folders that are no classes",
        tarred((f"{'x' * 65}/a.jpg", photo), (f"{'y' * 65}/b.jpg", photo)),
        TAR,
        400,
        "class_invalid"
    )
    yield "no class", tarred(("plane.jpg", photo)), TAR, 400, "class_missing"
    yield "no picture", tarred(("a/b.mov", photo), ("a/c.txt", b"text")), TAR, 400, "job_empty"
    yield "empty", tarred(), TAR, 400, "job_empty"
    yield "cut ZIP", zip[:-1], ZIP, 400, "archive_truncated"
    yield "cut before the directory", zip[:directory], ZIP, 400, "archive_truncated"
    yield "no ZIP", photo, ZIP, 400, "archive_invalid"
    yield "a tar as ZIP", tar, ZIP, 400, "archive_invalid"
    yield "changed", changed(zip, 100, bytes([zip[100] ^ 1])), ZIP, 400, "archive_invalid"
    yield "another name at the end", changed(zip, directory + 46, b"b"), ZIP, 400, "archive_invalid"
    yield (
        "out of the folder, ZIP",
        zipped(first, ("../../etc/passwd", photo)),
        ZIP,
        400,
        "archive_member_invalid"
    )
    yield "absolute, ZIP", zipped(first, ("/etc/passwd", photo)), ZIP, 400, "archive_member_invalid"
    yield "encrypted", changed(zip, 6, b"\1"), ZIP, 400, "archive_member_invalid"
    yield "LZMA", zipped(first, method=zipfile.ZIP_LZMA), ZIP, 400, "archive_member_invalid"
    yield "a bomb", zipped(first, ("a/bomb.png", bytes(64 << 20))), ZIP, 400, "archive_bomb"
    yield (
        "many bombs",
        zipped(first, *((f"a/{n}.png", bytes(1 << 20)) for n in range(64))),
        ZIP,
        400,
        "archive_bomb"
    )
    yield (
        "too many", tarred(*((f"a/{n}.png", b"x") for n in range(101))), TAR, 413, "images_too_many"
    )
    yield (
        "too many members",
        tarred(*((f"a{n}", (tarfile.DIRTYPE, "")) for n in range(501))),
        TAR,
        400,
        "archive_bomb"
    )


def test_what_is_refused_leaves_nothing(make_service):
    service = make_service("--max-images-per-job", "100")
    for what, body, type, status, code in refusals():
        answer = send(service, body, type)
        assert (answer.status, answer.json["code"]) == (status, code), (what, answer)
        problem(answer, status, code)
    assert jobs(service) == []
    assert blobs(service) == []
    service.wait_for(lambda: not left_over(service), "the files of refused archives to be gone")
    # No member was written outside the data folder either.
    assert sorted(os.listdir(service.data.parent)) == ["body", "data", "data.banner", "data.log"]
    assert service.stop() == 0


def test_the_bound_of_a_body_holds_for_what_it_unpacks_to(make_service):
    service = make_service("--max-body-bytes", str(1 << 20), "--max-image-bytes", "100000")
    # Deflate finds repetitions within 32 KiB.
    random = os.urandom(20_000)
    fits = zipped(*((f"a/{n}.png", random * 4) for n in range(13)))
    assert len(fits) < 1 << 20
    assert send(service, fits, ZIP).status == 202
    over = zipped(*((f"a/{n}.png", random * 4) for n in range(14)))
    assert len(over) < 1 << 20
    problem(send(service, over, ZIP), 400, "archive_bomb")
    problem(send(service, tarred(("a/b.png", bytes(1 << 20)))), 413, "body_too_large")
    assert service.stop() == 0


def test_an_upload_that_breaks_off_leaves_nothing(make_service, photos):
    service = make_service()
    packed = (
        subprocess.run(["tar", "-C", photos, "-c", "."], capture_output=True, check=True).stdout
    )
    # A chunk with the first half, then the end of the connection.
    half = packed[: len(packed) // 2]
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Type: application/x-tar\r\n"
            b"Transfer-Encoding: chunked\r\n"
            b"Authorization: Bearer "
            + service.key.encode()
            + b"\r\n\r\n"
            + f"{len(half):x}\r\n".encode()
            + half
            + b"\r\n"
        )
        service.wait_for(lambda: left_over(service), "the upload to come in")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    service.wait_for(lambda: not left_over(service), "the files of the broken upload to be gone")
    assert (jobs(service), blobs(service)) == ([], [])
    assert service.stop() == 0
