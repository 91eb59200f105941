"""callgrind's instruction counts of the kernel, the PNG writer and the HTTP parser must not grow.

Unlike times, they do not depend on the machine's load. Lower `instruction_counts.json` when
something gets faster.
"""

import json
import os
import pathlib
import re
import subprocess

import numpy as np
import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
BENCH = ROOT / ".build/release/palimpsest-bench"
MOST = json.loads((pathlib.Path(__file__).parent / "instruction_counts.json").read_text())


@pytest.fixture(scope="module")
def binary(tmp_path_factory):
    assert BENCH.exists(), f"{BENCH} is missing: run `make build-bench` first"
    # Debian's valgrind cannot read the debug information of new compilers.
    stripped = tmp_path_factory.mktemp("bench") / "palimpsest-bench"
    subprocess.run(["strip", "--strip-debug", "-o", stripped, BENCH], check=True)
    return stripped


def instructions(binary, *arguments, collect=None):
    options = [f"--toggle-collect={collect}"] if collect else []
    command = [
        "valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *options, binary,
        *arguments,
    ]  # fmt: skip
    result = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "PALIMPSEST_ISA": "avx2"}
    )
    assert result.returncode == 0, result.stderr
    return int(re.search(r"Collected : (\d+)", result.stderr)[1])


@pytest.mark.skipif(
    "avx2" not in pathlib.Path("/proc/cpuinfo").read_text(), reason="the counts are those of AVX2"
)
def test_the_kernel_takes_no_more_instructions(binary, tmp_path):
    for name, seed in (("cover", 0), ("secret", 1)):
        np.random.default_rng(seed).random((1, 3, 32, 32)).astype("<f4").tofile(tmp_path / name)
    weights = ROOT / "Training/baselines/surrogates-small.safetensors"
    count = instructions(
        binary, "network", "--weights", weights, "--width", "32", "--height", "32", "--repetitions",
        "1",
        "--cover", tmp_path / "cover", "--secret", tmp_path / "secret", collect="plm_avx2_dense",
    )  # fmt: skip
    most = MOST["network 32x32, shipped size"]
    assert 0.5 * most < count <= most


def test_a_band_of_a_png_takes_no_more_instructions(binary, tmp_path):
    steps = np.random.default_rng(0).normal(0, 3, (128, 128, 3)).round().astype(np.int64)
    samples = np.clip(128 + steps + np.arange(128)[:, None, None], 0, 255)
    Image.fromarray(samples.astype(np.uint8)).save(tmp_path / "noise.png")
    count = instructions(
        binary, "png", tmp_path / "noise.png", "--repetitions", "1", collect="plm_deflate_band"
    )
    most = MOST["one PNG of 128x128, its band"]
    assert 0.5 * most < count <= most


def test_a_request_head_takes_no_more_instructions(binary):
    few, many = (instructions(binary, "heads", "--count", str(count)) for count in (500, 1500))
    most = MOST["one request head"]
    assert 0.5 * most < (many - few) / 1000 <= most
