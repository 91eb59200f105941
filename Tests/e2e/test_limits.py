"""Limits of request heads, pixels and archives, set to small values.

Input just within a limit passes; one unit more is refused with the limit's own message.
"""

import bisect
import io
import os
import re
import subprocess
import zlib

import numpy as np
import pytest
from PIL import Image
from service import BINARY, ROOT, Service
from test_archives_in import TAR, ZIP, left_over, send, tarred, zipped
from test_classes import classes
from test_requests import blobs, jobs, problem

HEAD_BYTES, HEAD_FIELDS, PIXELS, MEMBERS, RATIO = 2000, 20, 10_000, 5, 20
# What an archive may always unpack to, whatever its ratio.
FREE = 16 << 20


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    """A service with a small value for each limit."""
    limits = {
        "head-bytes": HEAD_BYTES,
        "head-fields": HEAD_FIELDS,
        "pixels": PIXELS,
        "archive-members": MEMBERS,
        "archive-ratio": RATIO,
    }
    options = [word for name, value in limits.items() for word in (f"--max-{name}", str(value))]
    service = Service(tmp_path_factory.mktemp("limited") / "data", None, options).start()
    yield service
    assert service.stop() == 0, service.log()


def picture(width, height, format="PNG"):
    noise = np.random.default_rng(width).integers(0, 256, (height, width, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(noise).save(file, format)
    return file.getvalue()


# ---- Heads ----


def head_of(service, *arguments):
    """Sends a head with curl; returns the answer and the number of bytes sent, as curl reports."""
    answer = service.curl("/healthz", *arguments, "--write-out", "\n%{size_request}")
    answer.body, _, size = answer.body.rpartition(b"\n")
    return answer, int(size)


def test_a_head_of_as_many_bytes_as_it_may_have_passes_and_one_more_does_not(limited):
    bare = head_of(limited, "--header", "X-Pad: x")[1]
    room = HEAD_BYTES - bare + 1
    answer, size = head_of(limited, "--header", f"X-Pad: {'x' * room}")
    assert (answer.status, size) == (200, HEAD_BYTES)
    answer, size = head_of(limited, "--header", f"X-Pad: {'x' * (room + 1)}")
    assert size == HEAD_BYTES + 1
    assert f" {HEAD_BYTES} bytes" in problem(answer, 431, "head_too_large")["detail"]


def test_as_many_fields_as_a_head_may_have_pass_and_one_more_does_not(limited):
    # curl adds Host, User-Agent and Accept.
    fields = [word for number in range(HEAD_FIELDS - 3) for word in ("--header", f"X-{number}: x")]
    assert limited.curl("/healthz", *fields).status == 200
    answer = limited.curl("/healthz", *fields, "--header", "X-More: x")
    assert f" {HEAD_FIELDS} fields" in problem(answer, 431, "too_many_fields")["detail"]


# ---- Pixels ----


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WebP"])
def test_a_photo_of_too_many_pixels_fails_alone(limited, tmp_path, format):
    form = ["--form", "class=a"]
    for name, width in [("inside", 100), ("over", 101)]:
        path = tmp_path / f"{name}.{format.lower()}"
        path.write_bytes(picture(width, 100, format))
        form += ["--form", f"file=@{path}"]
    answer = limited.get("/v1/jobs", *form)
    assert answer.status == 202, answer
    job = limited.finished(f"/v1/jobs/{answer.json['id']}")
    assert (job["state"], job["counts"]["done"], job["counts"]["failed"]) == ("done", 1, 1), job
    (failure,) = job["failures"]
    assert (failure["name"], failure["error"]["code"]) == ("over", "image_too_large")
    assert f"10100 pixels; {PIXELS} are allowed" in failure["error"]["detail"]
    assert "PALIMPSEST_MAX_PIXELS" in failure["error"]["detail"]
    report = limited.get(f"/v1/jobs/{job['id']}/images/1/report").json
    assert (report["width"], report["height"]) == (100, 100)


def test_more_pixels_than_the_default_pass_where_they_may(make_service, tmp_path):
    file = io.BytesIO()
    # Gray ramps: a few bytes to send and cheap to decode, but over 110 million pixels.
    row = np.linspace(20, 230, 12000).astype(np.uint8)
    Image.fromarray(np.broadcast_to(row, (9200, 12000))).save(file, "PNG", compress_level=1)
    path = tmp_path / "wide.png"
    path.write_bytes(file.getvalue())
    arguments = ["--header", "Content-Type: image/png", "--data-binary", f"@{path}"]
    results = []
    for name, options in [("default", []), ("more", ["--max-pixels", str(12000 * 9200)])]:
        service = make_service(*options, name=name)
        answer = service.get("/v1/jobs?class=a", *arguments)
        assert answer.status == 202, answer
        job = service.finished(f"/v1/jobs/{answer.json['id']}")
        results.append((job["state"], [failure["error"]["code"] for failure in job["failures"]]))
        assert service.stop() == 0
    assert results == [("failed", ["image_too_large"]), ("done", [])]


def test_semantic_images_have_the_same_limit(make_service, tmp_path):
    service = make_service("--max-pixels", str(PIXELS))
    assert service.stop() == 0
    for label, width in [("inside", 100), ("over", 101)]:
        folder = tmp_path / "own" / label
        folder.mkdir(parents=True)
        (folder / "1.png").write_bytes(picture(width, 100))
    result = classes("import", tmp_path / "own", "--data", service.data)
    assert result.returncode == 0, result
    service.start()
    photo = tmp_path / "photo.png"
    photo.write_bytes(picture(90, 90))
    form = [
        "--form", "class=inside", "--form", f"file=@{photo}", "--form", "class=over",
        "--form", f"file=@{photo}",
    ]  # fmt: skip
    answer = service.get("/v1/jobs", *form)
    assert answer.status == 202, answer
    job = service.finished(f"/v1/jobs/{answer.json['id']}")
    assert (job["state"], job["counts"]["done"]) == ("done", 1), job
    (failure,) = job["failures"]
    assert (failure["class"], failure["error"]["code"]) == ("over", "semantic_image_unreadable")
    assert f"10100 pixels; {PIXELS} are allowed" in failure["error"]["detail"]
    assert service.stop() == 0


# ---- Archives ----


def check_refused(service, body, type, words):
    """Asserts that an archive is refused as a bomb with this message, and leaves nothing."""
    before = [job["id"] for job in jobs(service)], blobs(service)
    answer = send(service, body, type)
    assert words in problem(answer, 400, "archive_bomb")["detail"]
    assert ([job["id"] for job in jobs(service)], blobs(service)) == before
    service.wait_for(lambda: not left_over(service), "the files of the refused archive to be gone")


@pytest.mark.parametrize("pack, type", [(tarred, TAR), (zipped, ZIP)])
def test_as_many_members_as_an_archive_may_have_pass_and_one_more_does_not(limited, pack, type):
    # Folders count, and so do skipped files.
    others = [("a/", b""), ("a/.hidden", b"x")]
    pictures = [(f"a/{number}.png", b"x") for number in range(MEMBERS - 1)]
    answer = send(limited, pack(*others, *pictures[:-1]), type)
    assert answer.status == 202, answer
    assert answer.json["counts"]["total"] == MEMBERS - 2
    check_refused(limited, pack(*others, *pictures), type, f"at most {MEMBERS} members")


NAMES = [f"a/{number}.png" for number in range(MEMBERS)]
# Together slightly more than is free.
SIZE = FREE // MEMBERS + 100_000
NOISE = os.urandom(SIZE)


def half_empty(count):
    """`count` incompressible bytes, then zeros."""
    return NOISE[:count] + bytes(SIZE - count)


def unpacks_to(count):
    """The ratio at which an archive of such members unpacks, by zlib alone.

    Its directory does not count.
    """
    deflate = zlib.compressobj(wbits=-15)
    packed = len(deflate.compress(half_empty(count)) + deflate.flush())
    return MEMBERS * SIZE / sum(30 + len(name) + packed for name in NAMES)


def test_an_archive_may_unpack_to_so_many_times_its_size_and_no_more(limited):
    # Ten bytes on either side of the limit.
    count = bisect.bisect_left(range(SIZE), -RATIO, key=lambda count: -unpacks_to(count))
    answer = send(limited, zipped(*((name, half_empty(count + 10)) for name in NAMES)), ZIP)
    assert answer.status == 202, answer
    over = zipped(*((name, half_empty(count - 10)) for name in NAMES))
    check_refused(limited, over, ZIP, f"more than {RATIO} times its size")


# ---- The example ----


def test_the_example_shows_every_setting_and_the_limits_as_they_are():
    lines = (
        subprocess.run(
            [BINARY, "check-config"],
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"]},
            check=True,
        ).stdout
    )
    settings = dict(line.removeprefix("#").split("=", 1) for line in lines.splitlines())
    example = dict(
        re.findall(
            r"^#(PALIMPSEST_\w+)=(.*)$",
            (ROOT / "Deploy/palimpsest.env.example").read_text(),
            re.MULTILINE,
        )
    )
    assert set(example) == set(settings)
    limits = [name for name in settings if name.startswith("PALIMPSEST_MAX_")]
    assert {name: example[name] for name in limits} == {name: settings[name] for name in limits}
