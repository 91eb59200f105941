"""With the weights of every release a hundred pictures come out as in earlier builds.

Two builds may differ in the compression, not in the samples. AVX2 and AVX-512 give the same
samples; without either the network rounds differently. When the shipped weights change, `python
Tests/e2e/test_same_pixels.py` rewrites their hashes; those of earlier weights stay.
"""

import hashlib
import json
import os
import struct
import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np
import pytest
from service import BINARY, PATIENCE

FIXTURES = Path(__file__).parent / "fixtures"
KEPT = FIXTURES / "same-pixels.json"
SHIPPED = "shipped"
# Options that choose the weights, by the name of their hashes.
WEIGHTS = {
    SHIPPED: (),
    "waves-2026-11-21": ("--weights", FIXTURES / "waves-2026-11-21.safetensors"),
}
FLAGS = {
    "avx2": {"avx2", "fma"},
    "avx512": {"avx512f", "avx512bw", "avx512dq", "avx512vl", "avx2", "fma"},
}
CALLS = (
    ("class-wise", "--mask", "none"),
    ("sample-wise", "--mask", "photo"),
    ("sample-wise", "--mask", "auto", "--strength", "6", "--working-size", "96"),
    ("class-wise", "--mask", "auto", "--no-clip"),
)
EACH = 25


def picture(number):
    """An uncompressed PNG, identical on every machine, from a generator with a frozen stream."""
    rng = np.random.RandomState(number)
    height, width = rng.randint(40, 320, 2)
    depth, color, channels = ((8, 2, 3), (8, 2, 3), (8, 0, 1), (8, 6, 4), (16, 2, 3))[number % 5]
    coarse = rng.randint(0, 256, (height // 16 + 2, width // 16 + 2, channels))
    blocks = np.repeat(np.repeat(coarse, 16, 0), 16, 1)[:height, :width]
    values = blocks * 3 // 4 + rng.randint(0, 64, (height, width, channels))
    samples = (
        values.astype(np.uint8)
        if depth == 8
        else (values * 257 + rng.randint(0, 256, values.shape)).astype(">u2")
    )
    rows = b"".join(b"\0" + row.tobytes() for row in samples)
    pieces = [rows[i : i + 0xFFFF] for i in range(0, len(rows), 0xFFFF)]
    stored = b"".join(
        struct.pack("<BHH", i == len(pieces) - 1, len(piece), 0xFFFF - len(piece)) + piece
        for i, piece in enumerate(pieces)
    )
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    data = b"\x78\x01" + stored + struct.pack(">I", zlib.adler32(rows))
    chunks = ((b"IHDR", header), (b"IDAT", data), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )


def protected(folder, instruction_set, weights):
    """SHA-256 of the samples of every result, by picture name."""
    hashes = {}
    for call, (mode, *options) in enumerate(CALLS):
        source, out = folder / f"in-{call}", folder / f"out-{call}"
        for number in range(EACH * call, EACH * (call + 1)):
            place = source / ("cat", "dog", "hill")[number % 3]
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{number:03d}.png").write_bytes(picture(number))
        command = [
            BINARY, "protect", source, "--out", out, "--family-seed", "17", "--mode", mode,
            *options, *WEIGHTS[weights]
        ]  # fmt: skip
        environment = {**os.environ, "PALIMPSEST_ISA": instruction_set}
        subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE, env=environment)
        for path in sorted(out.rglob("*.png")):
            hashes[path.stem] = hashlib.sha256(samples(path)).hexdigest()
    return hashes


def samples(path):
    """The header and the filtered rows of a PNG, independent of its compression."""
    data, place, header, compressed = path.read_bytes(), 8, b"", b""
    while place < len(data):
        (length,) = struct.unpack(">I", data[place : place + 4])
        kind, body = data[place + 4 : place + 8], data[place + 8 : place + 8 + length]
        header += body if kind == b"IHDR" else b""
        compressed += body if kind == b"IDAT" else b""
        place += length + 12
    return header + zlib.decompress(compressed)


@pytest.mark.parametrize("weights", WEIGHTS)
@pytest.mark.parametrize("instruction_set", FLAGS)
def test_a_hundred_pictures_come_out_as_ever(instruction_set, weights, tmp_path):
    if not FLAGS[instruction_set] <= processor_flags():
        pytest.skip(f"the processor has no {instruction_set}")
    kept = json.loads(KEPT.read_text())[weights]
    assert len(kept) == EACH * len(CALLS)
    assert protected(tmp_path, instruction_set, weights) == kept


def processor_flags():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return set(
        next((line for line in lines if line.startswith("flags")), ":").split(":")[1].split()
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as work:
        hashes = json.loads(KEPT.read_text())
        hashes[SHIPPED] = protected(Path(work), "avx2", SHIPPED)
        KEPT.write_text(json.dumps(hashes, indent=1) + "\n")
