"""Hundreds of 12-megapixel photos through the README's script.

All come back verified, and the server does not grow.
"""

import concurrent.futures
import os
import pathlib
import subprocess
import threading
import time

import numpy as np
import pytest
from conftest import Watched
from PIL import Image
from reader import Reader
from readme import example
from service import BINARY, FIXTURES

PHOTOS = int(os.environ.get("PHOTOS", 500))
# Photos from which the others are made.
SOURCES = sorted(
    path
    for path in pathlib.Path(os.environ.get("SOURCES", FIXTURES)).rglob("*")
    if path.suffix in (".jpg", ".png")
)
SIZE = (4000, 3000)
CLASSES = 5
# Allowed growth of the server, from the first protected photo to the last one.
GROWTH = 32 << 20


def photo(path, seed):
    """Another half of a source per photo, enlarged, with sensor grain."""
    rng = np.random.default_rng(seed)
    with Image.open(SOURCES[seed % len(SOURCES)]) as source:
        left, top = (rng.uniform(0, side / 2) for side in source.size)
        box = (left, top, left + source.width / 2, top + source.height / 2)
        enlarged = source.convert("RGB").resize(SIZE, Image.Resampling.BICUBIC, box)
    grain = rng.integers(-3, 4, (*SIZE[::-1], 1), np.int16)
    picture = Image.fromarray(
        np.clip(np.asarray(enlarged, np.int16) + grain, 0, 255).astype(np.uint8)
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=90)


@pytest.fixture
def photos(tmp_path):
    names = [f"class-{number % CLASSES}/{number:04}.jpg" for number in range(PHOTOS)]
    with concurrent.futures.ProcessPoolExecutor() as pool:
        list(pool.map(photo, [tmp_path / "photos" / name for name in names], range(PHOTOS)))
    return names


class Memory:
    """Samples the memory of a service and its codecs once a second."""

    def __init__(self, service):
        self.service, self.server, self.codecs, self.stopped = service, [], [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopped.wait(1):
            self.server.append(self.service.memory())
            self.codecs.append(max(map(self.resident, self.service.codecs()), default=0))

    @staticmethod
    def resident(pid):
        try:
            with open(f"/proc/{pid}/statm") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except OSError:
            return 0

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


def verify(folder, name):
    picture = (folder / "protected" / name).with_suffix(".png")
    command = [
        BINARY, "verify", folder / "photos" / name, picture,
        "--manifest", folder / "protected/manifest.json",
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_photos_of_12_megapixels_by_the_script(tmp_path, photos):
    service = Watched(tmp_path / "data", None, ["--log-level", "notice"]).start()
    try:
        bytes_sent = sum((tmp_path / "photos" / name).stat().st_size for name in photos)
        script = example("bulk").replace("http://127.0.0.1:8080", service.url(""))
        with Memory(service) as memory:
            start = time.monotonic()
            process = subprocess.Popen(
                ["bash", "-c", script],
                cwd=tmp_path,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            while not (jobs := service.get("/v1/jobs").json["jobs"]):
                assert process.poll() is None, process.communicate()
                time.sleep(0.1)
            taken = time.monotonic() - start
            path = f"/v1/jobs/{jobs[0]['id']}"
            with Reader(service, path) as reader:
                while "finished_at" not in service.get(f"{path}?wait=30").json:
                    assert process.poll() is None, process.communicate()
            protected = time.monotonic() - start
            output = process.communicate()
            assert (process.returncode, output) == (0, ("", "")), output
        half = len(memory.server) // 2
        peaks = [max(part) for part in (memory.server[:half], memory.server[half:])]
        print(
            f"{PHOTOS} photos, {bytes_sent / 1e6:.0f} MB, taken in {taken:.0f} s, protected after "
            f"{protected:.0f} s, fetched, unpacked and checked after "
            f"{time.monotonic() - start:.0f} s; the server's memory at most {peaks[0] >> 20} MiB "
            f"in the first half and {peaks[1] >> 20} in the second, a codec's "
            f"{max(memory.codecs) >> 20}; the job's document: {reader}"
        )
        assert peaks[1] < peaks[0] + GROWTH
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for name, checked in zip(
                photos, pool.map(lambda name: verify(tmp_path, name), photos), strict=True
            ):
                assert checked.returncode == 0 and checked.stdout.endswith("\nverified\n"), (
                    name, checked
                )
        print(f"{PHOTOS} verified")
        assert service.stop() == 0
    finally:
        if service.process.poll() is None:
            service.kill()
