"""Times whole photos, from file to file.

Covers one photo of twelve megapixels stage by stage, other sizes, other tools, many small images,
and the service.
"""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests/e2e/fixtures"
MEGAPIXELS = {
    "3 MP": (2016, 1512), "12 MP": (4032, 3024), "24 MP": (5664, 4248), "50 MP": (8160, 6120)
}


def photo(path, width, height, progressive=False):
    """A JPEG of the given size, enlarged from a fixture.

    Added grain makes it about as costly to code as a photo from a camera.
    """
    grain = np.random.default_rng(0)
    image = np.asarray(
        Image.open(FIXTURES / "parrots.jpg").convert("RGB").resize((width, height), Image.BICUBIC),
        np.int16,
    )
    noise = np.rint(grain.standard_normal((height, width, 1), np.float32) * 3).astype(np.int16)
    Image.fromarray(np.clip(image + noise, 0, 255).astype(np.uint8)).save(
        path, quality=90, progressive=progressive
    )
    return path


def covers(count, height, width):
    """Crops of the fixture photos in [0, 1], float32 (count, 3, height, width)."""
    pictures = [
        Image.open(FIXTURES / name).convert("RGB")
        for name in ("parrots.jpg", "plane.jpg", "hats.png")
    ]
    resized = [
        np.asarray(p.resize((width + 64, height + 64), Image.BILINEAR), np.float32) / 255
        for p in pictures
    ]
    cut = [resized[i % 3][i % 61 :, i % 53 :][:height, :width] for i in range(count)]
    return np.ascontiguousarray(np.stack(cut).transpose(0, 3, 1, 2))


def _stages(path, tools, repetitions, threads=1):
    command = [
        str(tools.binary), "photo", str(path), "--weights", str(tools.weights),
        "--repetitions", str(repetitions), "--threads", str(threads),
    ]  # fmt: skip
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _command(words):
    """Wall time of a command, in milliseconds."""
    start = time.perf_counter()
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return 1e3 * (time.perf_counter() - start)


def sizes(folder, tools, repetitions=5):
    """Times each size, and also a progressive JPEG, which has to be held in memory whole."""
    records = []
    for name, (width, height) in MEGAPIXELS.items():
        for progressive in (False, True):
            path = photo(folder / "photo.jpg", width, height, progressive)
            record = _stages(path, tools, repetitions if width < 6000 else 3)
            record |= {"photo": name, "progressive": progressive, "jpeg_bytes": path.stat().st_size}
            records.append(record)
            print(
                f"photo of {name}{', progressive' if progressive else ''}",
                file=sys.stderr,
                flush=True,
            )
    return records


def threads(folder, tools, rounds=3):
    """The twelve-megapixel photo on one thread and on two, in turn."""
    path = photo(folder / "photo.jpg", *MEGAPIXELS["12 MP"])
    records = [{"threads": count, "protect_ms": [], "stages_ms": {}} for count in (1, 2)]
    for _ in range(rounds):
        for record in records:
            found = _stages(path, tools, 3, record["threads"])
            record["protect_ms"] += found["protect_ms"]
            for name, ms in found["stages_ms"].items():
                record["stages_ms"][name] = min(ms, record["stages_ms"].get(name, ms))
    return records


def whole_processes(folder, tools, rounds=5):
    """The twelve-megapixel photo from file to PNG file by libvips and by us, in turn."""
    path = photo(folder / "photo.jpg", *MEGAPIXELS["12 MP"])
    theirs, ours = folder / "out.png", folder / "protected"
    commands = {
        "libvips, `vips copy`": (["vips", "copy", path, theirs], theirs),
        "`palimpsest protect`": (
            [
                tools.product, "protect", path, "--class", "c", "--out", ours,
                "--weights", tools.weights, "--quiet", "--force",
            ],
            ours / "c/photo.png",
        ),
    }  # fmt: skip
    times = {name: [] for name in commands}
    for _ in range(rounds):
        for name, (command, _) in commands.items():
            times[name].append(_command(list(map(str, command))))
    return [
        {"tool": name, "best_ms": min(times[name]), "png_bytes": file.stat().st_size}
        for name, (_, file) in commands.items()
    ]


def other_tools(folder, rounds=3):
    """The twelve-megapixel photo through common tools: halved, and as PNG at full size."""
    path = photo(folder / "photo.jpg", *MEGAPIXELS["12 MP"])
    out = folder / "out.png"
    pillow = "import sys; from PIL import Image; Image.open(sys.argv[1]).save(sys.argv[2])"
    commands = {
        "ImageMagick, half the size": ["convert", path, "-resize", "50%", out],
        "libvips, half the size": ["vipsthumbnail", path, "--size", "2016x1512", "-o", out],
        "Pillow, JPEG to PNG": [sys.executable, "-c", pillow, path, out],
    }
    records = []
    for name, command in commands.items():
        runs = [_command(list(map(str, command))) for _ in range(rounds)]
        records.append({"tool": name, "best_ms": min(runs), "png_bytes": out.stat().st_size})
    return records


def small_ones(folder, tools, count=10_000):
    """Many 32x32 images in ten classes through `palimpsest protect`.

    Also a single one, which takes the start-up time.
    """
    pictures = (covers(200, 32, 32).transpose(0, 2, 3, 1) * 255).astype(np.uint8)
    for i in range(count):
        place = folder / "small" / f"c{i % 10}"
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.roll(pictures[i % 200], i, (0, 1))).save(place / f"{i}.png")
    command = [
        tools.product, "protect", folder / "small", "--out", folder / "small-out",
        "--weights", tools.weights, "--quiet",
    ]  # fmt: skip
    milliseconds = _command(list(map(str, command)))
    command = [
        tools.product, "protect", folder / "small/c0/0.png", "--class", "c0",
        "--out", folder / "one-out", "--weights", tools.weights,
    ]  # fmt: skip
    one = min(_command([*map(str, command), "--quiet", "--force"]) for _ in range(5))
    return {"pictures": count, "seconds": milliseconds / 1e3, "one_ms": one}


def service(folder, tools, count=1000, each=100):
    """Photos of mixed sizes through the running service: upload, protection and download."""
    sys.path.insert(0, str(ROOT / "Tests/e2e"))
    from service import Service

    rng = np.random.default_rng(0)
    sides = [(640, 480), (800, 1200), (1024, 1024), (1600, 1200), (2016, 1512)]
    masters = [photo(folder / f"master-{i}.jpg", *side) for i, side in enumerate(sides)]
    chosen = rng.integers(0, len(masters), count)
    megapixels = sum(sides[i][0] * sides[i][1] for i in chosen) / 1e6
    running = Service(folder / "data", tools.weights).start()
    try:
        start = time.perf_counter()
        jobs = []
        for first in range(0, count, each):
            files = [
                w
                for i in range(first, first + each)
                for w in ("--form", f"file=@{masters[chosen[i]]};filename={i}.jpg")
            ]
            answer = running.curl(
                "/v1/jobs", "--form", f"class=c{first % 7}", *files, key=running.key
            )
            if answer.status != 202:
                raise RuntimeError(answer)
            jobs.append(answer.json["id"])
        uploaded = time.perf_counter() - start
        for job in jobs:
            running.finished(f"/v1/jobs/{job}")
        finished = time.perf_counter() - start
        size = sum(len(running.get(f"/v1/jobs/{job}/archive.zip").body) for job in jobs)
        downloaded = time.perf_counter() - start
    finally:
        running.stop()
    return {"photos": count, "megapixels": megapixels, "uploaded_s": uploaded,
            "finished_s": finished, "downloaded_s": downloaded,
            "archive_bytes": size}  # fmt: skip
