"""Uploads and downloads of gigabytes: nothing is held in memory, nothing is left behind."""

import hashlib
import json
import os
import random
import subprocess
import time
import zipfile

import numpy as np
import pytest
from PIL import Image

GIGABYTES = float(os.environ.get("GIGABYTES", 2))
# 3 MB of samples; the service also holds one picture and its outputs per codec process.
SIDE = 1024
GROWTH = 32 << 20


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    """Incompressible pictures, stored as PNG."""
    folder = tmp_path_factory.mktemp("photos")
    rng, paths = np.random.default_rng(0), []
    while sum(path.stat().st_size for path in paths) < GIGABYTES * 1e9:
        path = folder / f"{len(paths)}.png"
        Image.fromarray(rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(
            path, compress_level=0
        )
        paths.append(path)
    return paths


def digest(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def started(make_watched):
    return make_watched(
        "--max-body-bytes", 4 << 30, "--compression-level", 0, "--log-level", "notice"
    )


def test_gigabytes_in_and_out(make_watched, photos, tmp_path):
    service = started(make_watched)
    service.curl("/healthz")
    before = service.memory()
    form = [word for path in photos for word in ("--form", f"file=@{path}")]
    start = time.monotonic()
    answer = service.get("/v1/jobs?class=large", *form)
    uploaded = time.monotonic() - start
    assert answer.status == 202, answer
    while_uploading = service.memory("VmHWM") - before
    path = f"/v1/jobs/{answer.json['id']}"
    assert service.finished(path)["counts"]["done"] == len(photos)
    while_working = service.memory("VmHWM") - before
    service.forget_peak()
    archive = tmp_path / "archive.zip"
    start = time.monotonic()
    assert service.get(f"{path}/archive.zip", "--output", archive).status == 200
    downloaded = time.monotonic() - start
    while_downloading = service.memory("VmHWM") - before
    sizes = sum(photo.stat().st_size for photo in photos) / 1e6, archive.stat().st_size / 1e6
    print(
        f"{sizes[0]:.0f} MB in at {sizes[0] / uploaded:.0f} MB/s, {sizes[1]:.0f} MB out at "
        f"{sizes[1] / downloaded:.0f} MB/s; the server grew by {while_uploading / 2**20:.1f}, "
        f"{while_working / 2**20:.1f} and {while_downloading / 2**20:.1f} MiB "
        "while it took the upload, worked and gave the archive"
    )
    assert max(while_uploading, while_working, while_downloading) < GROWTH
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        manifest = json.loads(opened.read("manifest.json"))
        sums = dict(
            reversed(line.split("  ", 1))
            for line in opened.read("SHA256SUMS").decode().splitlines()
        )
        for name in opened.namelist():
            if name.endswith(".png"):
                with opened.open(name) as file:
                    assert hashlib.file_digest(file, "sha256").hexdigest() == sums[name]
    assert sorted(image["report"]["input_sha256"] for image in manifest["images"]) == sorted(
        map(digest, photos)
    )
    assert service.stop() == 0


def left_over(service):
    return [
        str(path)
        for folder in ("tmp", "blobs")
        for path in (service.data / folder).rglob("*")
        if path.is_file()
    ]


def test_uploads_that_break_off_leave_nothing(make_watched, photos):
    service = started(make_watched)
    rng = random.Random(0)
    url = service.url("/v1/jobs?class=large")
    size = photos[0].stat().st_size
    for number in range(100):
        # Breaks off at a random byte, by a rate and a time whose product lies within the upload.
        seconds = rng.uniform(0.02, 0.4)
        if number % 2:
            body, count = (
                [word for photo in photos[:20] for word in ("--form", f"file=@{photo}")], 20
            )
        else:
            body, count = (
                ["--header", "Content-Type: image/png", "--data-binary", f"@{photos[0]}"], 1
            )
        rate = int(rng.uniform(0, 0.9) * count * size / seconds) + 1000
        command = ["curl", "--silent", *service.curl_options, "--header",
                   f"Authorization: Bearer {service.key}",
                   "--limit-rate", str(rate), "--max-time", f"{seconds:.3f}", *body,
                   url]  # fmt: skip
        outcome = subprocess.run(command, capture_output=True, check=False).returncode
        assert outcome == 28, outcome
    assert json.loads(service.get("/v1/jobs").body)["jobs"] == []
    service.wait_for(lambda: not left_over(service), "the files of the broken uploads to be gone")
    assert service.stop() == 0
