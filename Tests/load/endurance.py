"""Sends many pictures through one service and tells whether it tires.

First small pictures of 32 by 32, a tar of them at a time, then photos of about one megapixel. Of
each tar it tells how fast it went from the start of the upload to the last picture, and what the
service takes in memory, descriptors and database meanwhile, while a client asks for the job's
document fifty times a second. Run by `make bench-endurance`.

Usage: python Tests/load/endurance.py [--pictures N] [--photos N] [--out FOLDER]
"""

import argparse
import concurrent.futures
import datetime
import hashlib
import io
import json
import os
import pathlib
import platform
import statistics
import tarfile
import tempfile
import threading
import time

import numpy as np
from conftest import Watched
from PIL import Image
from reader import Reader
from service import FIXTURES, ROOT

SLICES = 10
CLASSES = 10
PHOTO = (1200, 850)
SOURCES = ("parrots.jpg", "plane.jpg", "hats.png")


def small(seed):
    """A PNG of 32 by 32, smooth as photos are."""
    coarse = np.random.default_rng(seed).integers(0, 256, (5, 5, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(coarse).resize((32, 32), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def photo(seed):
    """A JPEG of about one megapixel: a part of a fixture, enlarged, with grain."""
    rng = np.random.default_rng(seed)
    with Image.open(FIXTURES / SOURCES[seed % len(SOURCES)]) as source:
        left, top = (rng.uniform(0, side / 2) for side in source.size)
        box = (left, top, left + source.width / 2, top + source.height / 2)
        enlarged = source.convert("RGB").resize(PHOTO, Image.Resampling.BICUBIC, box)
    grain = rng.integers(-3, 4, (*PHOTO[::-1], 1), np.int16)
    pixels = np.clip(np.asarray(enlarged, np.int16) + grain, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=90)
    return file.getvalue()


def write_tar(path, make, seeds, extension):
    with (
        tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive,
        concurrent.futures.ProcessPoolExecutor() as pool,
    ):
        for seed, content in zip(seeds, pool.map(make, seeds, chunksize=16), strict=True):
            member = tarfile.TarInfo(f"class-{seed % CLASSES}/{seed:06}.{extension}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))


class Peaks:
    """The most memory that server and codecs take, sampled ten times a second."""

    def __init__(self, service):
        self.service, self.server, self.codec, self.stopped = service, 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopped.wait(0.1):
            self.server = max(self.server, self.service.memory())
            for pid in self.service.codecs():
                self.codec = max(self.codec, resident(pid))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


def resident(pid):
    try:
        pages = pathlib.Path(f"/proc/{pid}/statm").read_text().split()[1]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def database_bytes(service):
    return sum(path.stat().st_size for path in service.data.glob("palimpsest.sqlite*"))


def run_slice(service, tar, count):
    """Sends one tar, waits for its last picture, and tells what that took."""
    with Peaks(service) as peaks:
        start = time.monotonic()
        answer = service.get(
            "/v1/jobs", "--request", "POST", "--header", "Content-Type: application/x-tar",
            "--header", "Transfer-Encoding: chunked", "--max-time", "1200", "--upload-file", tar,
        )  # fmt: skip
        assert answer.status == 202, answer
        taken = time.monotonic() - start
        path = f"/v1/jobs/{answer.json['id']}"
        with Reader(service, path) as reader:
            while (job := service.get(f"{path}?wait=30").json)["state"] not in ("done", "failed"):
                pass
        seconds = time.monotonic() - start
    assert job["counts"]["done"] == count, job
    polls = sorted(reader.seconds)
    return {
        "count": count,
        "taken_s": taken,
        "seconds": seconds,
        "server_bytes": peaks.server,
        "codec_bytes": peaks.codec,
        "descriptors": service.descriptors(),
        "database_bytes": database_bytes(service),
        "polls": len(polls),
        "poll_p50_ms": 1e3 * statistics.median(polls),
        "poll_p99_ms": 1e3 * polls[int(0.99 * (len(polls) - 1))],
    }


def phase(service, folder, name, make, extension, total, first):
    """Sends one kind of picture, a tenth after the other."""
    records = []
    tar = folder / "pictures.tar"
    for number in range(SLICES):
        count = total // SLICES
        seeds = range(first + number * count, first + (number + 1) * count)
        write_tar(tar, make, seeds, extension)
        record = run_slice(service, tar, count)
        print(f"{name} {number + 1}: {count / record['seconds']:.0f} a second", flush=True)
        records.append(record)
    tar.unlink()
    return {"name": name, "slices": records}


def table(phases, machine):
    head = (
        "pictures | a second | taken in after, s | server, MiB | a codec, MiB | descriptors "
        "| database, MB | poll, median, ms | poll, 99 %, ms"
    )
    lines = [f"| {head} |", "|" + "---|" * (head.count("|") + 1)]
    for part in phases:
        seen = 0
        for record in part["slices"]:
            first, seen = seen + 1, seen + record["count"]
            lines.append(
                f"| {part['name']}, {first:,} to {seen:,} "
                f"| {record['count'] / record['seconds']:,.1f} | {record['taken_s']:.1f} "
                f"| {record['server_bytes'] / 2**20:.0f} | {record['codec_bytes'] / 2**20:.0f} "
                f"| {record['descriptors']} | {record['database_bytes'] / 1e6:.1f} "
                f"| {record['poll_p50_ms']:.1f} | {record['poll_p99_ms']:.1f} |"
            )
    lines += [
        "",
        "- `make bench-endurance`: one service with two codecs, a tar after the other by curl. The "
        "speed is from the start of the upload to the last picture, memory the most in that time. "
        f"{machine['date']}, {machine['processors']} processors ({machine['processor']}), weights "
        f"with tensors `{machine['tensors']}`.",
    ]
    return "\n".join(lines) + "\n"


def machine():
    lines = pathlib.Path("/proc/cpuinfo").read_text().splitlines()
    return {
        "date": datetime.date.today().isoformat(),
        "processor": next((line.split(": ")[1] for line in lines if "model name" in line), "?"),
        "processors": os.cpu_count(),
        "system": platform.release(),
        "tensors": tensors(),
    }


def tensors():
    """The beginning of the hash of the shipped tensors, as docs/performance.md names them."""
    file = (ROOT / "Sources/DeepHiding/Resources/deep-hiding.safetensors").read_bytes()
    return hashlib.sha256(file[8 + int.from_bytes(file[:8], "little") :]).hexdigest()[:12]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=int, default=100_000)
    parser.add_argument("--photos", type=int, default=2_000)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("runs/endurance"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="endurance-", dir=options.out) as folder:
        folder = pathlib.Path(folder)
        service = Watched(folder / "data", None, ["--log-level", "notice"]).start()
        try:
            phases = [
                phase(service, folder, name, make, extension, total, first)
                for name, make, extension, total, first in (
                    ("32×32", small, "png", options.pictures, 0),
                    ("1 MP", photo, "jpg", options.photos, options.pictures),
                )
                if total
            ]
            record = {"machine": machine(), "phases": phases}
            assert service.stop() == 0
        finally:
            if service.process.poll() is None:
                service.kill()
    (options.out / "endurance.json").write_text(json.dumps(record, indent=1) + "\n")
    (options.out / "endurance.md").write_text(table(phases, record["machine"]))
    print(table(phases, record["machine"]))


if __name__ == "__main__":
    main()
