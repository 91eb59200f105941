"""Ten thousand small pictures in one tar: the service stays responsive from upload to listing."""

import io
import os
import tarfile
import time

import numpy as np
import pytest
from conftest import Watched
from PIL import Image
from reader import Reader

IMAGES = int(os.environ.get("IMAGES", 10_000))
CLASSES = 10
# Allowed growth of the server while it receives one such job: rows, names and sealed files, no
# pictures.
GROWTH = 256 << 20


@pytest.fixture(scope="module")
def tar(tmp_path_factory):
    """A tar of class folders with distinct pictures of 32 by 32 pixels."""
    path = tmp_path_factory.mktemp("bulk") / "pictures.tar"
    rng = np.random.default_rng(0)
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        for number in range(IMAGES):
            buffer = io.BytesIO()
            # Smooth, as photos are.
            coarse = Image.fromarray(rng.integers(0, 256, (5, 5, 3), np.uint8))
            coarse.resize((32, 32), Image.Resampling.BICUBIC).save(buffer, "PNG")
            info = tarfile.TarInfo(f"class-{number % CLASSES}/{number:05}.png")
            info.size = buffer.tell()
            buffer.seek(0)
            archive.addfile(info, buffer)
    return path


def test_ten_thousand_small_pictures_in_one_tar(tmp_path, tar):
    service = Watched(tmp_path / "data", None, ["--log-level", "notice"]).start()
    try:
        service.curl("/healthz")
        before = service.memory()
        start = time.monotonic()
        with Reader(service, "/v1/jobs") as meanwhile:
            answer = service.get("/v1/jobs", "--request", "POST", "--header",
                                 "Content-Type: application/x-tar",
                                 "--header", "Transfer-Encoding: chunked", "--max-time", "1200",
                                 "--upload-file", tar)  # fmt: skip
        assert answer.status == 202, answer
        took = time.monotonic() - start
        growth = service.memory("VmHWM") - before
        print(
            f"{IMAGES} pictures, {tar.stat().st_size / 1e6:.0f} MB, taken in {took:.1f} s; "
            f"the server grew by {growth / 2**20:.0f} MiB; the list of jobs meanwhile: {meanwhile}"
        )
        assert growth < GROWTH
        path = f"/v1/jobs/{answer.json['id']}"
        start = time.monotonic()
        with Reader(service, path) as reader:
            deadline = time.monotonic() + 3600
            while (job := service.get(f"{path}?wait=30").json)["state"] not in ("done", "failed"):
                assert time.monotonic() < deadline, job
        took = time.monotonic() - start
        print(
            f"protected in {took:.1f} s more, {IMAGES / took:.0f} a second; "
            f"resident {service.memory() >> 20} MiB, at most {service.memory('VmHWM') >> 20} MiB; "
            f"the job's document: {reader}"
        )
        assert (
            (job["state"], job["counts"]["done"], job["counts"]["total"])
            == ("done", IMAGES, IMAGES)
        )
        assert reader.seconds
        names, cursor = set(), ""
        while cursor is not None:
            page = service.get(f"{path}/images?limit=500{cursor and '&cursor=' + cursor}").json
            names |= {image["file"] for image in page["images"]}
            cursor = page.get("next_cursor")
        assert names == {f"class-{number % CLASSES}/{number:05}.png" for number in range(IMAGES)}
        assert service.stop() == 0
    finally:
        if service.process.poll() is None:
            service.kill()
