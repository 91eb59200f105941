"""`palimpsest protect` and its codec processes: killed, crashed, run twice at once."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import time

import pytest
from pictures import picture, report_of
from PIL import Image


def eventually(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.005)
    return False


def children(pid):
    listed = subprocess.run(
        ["ps", "--no-headers", "-o", "pid", "--ppid", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(word) for word in listed.stdout.split()]


def is_alive(pid):
    try:
        return (
            pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        )
    except FileNotFoundError:
        return False


def start(binary, environment, source, out):
    """Starts a long call, and waits for its codec processes and its first result."""
    program = binary if isinstance(binary, list) else [binary]
    process = subprocess.Popen(
        [*program, "protect", source, "--out", out, "--jobs", "2"],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    assert eventually(lambda: len(children(process.pid)) == 2 and any(out.glob("*/*.png")))
    return process


def niceness(pid):
    return int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[16])


def test_codecs_are_as_nice_as_the_call(binary, environment, many, tmp_path):
    process = start(["nice", "-n", "5", binary], environment, many, tmp_path / "out")
    try:
        assert (
            [niceness(pid) for pid in [process.pid, *children(process.pid)]]
            == [niceness("self") + 5] * 3
        )
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def many(tmp_path):
    source = tmp_path / "in"
    original = picture(source / "c/0.png", side=200)
    for number in range(1, 400):
        shutil.copy(original, source / f"c/{number}.png")
    return source


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_call_that_is_killed_leaves_no_process_and_no_partial_result(
    binary, environment, palimpsest, many, tmp_path, number
):
    out = tmp_path / "out"
    process = start(binary, environment, many, out)
    codecs = children(process.pid)
    process.send_signal(number)
    assert process.wait(timeout=30) == -number
    assert eventually(lambda: not any(map(is_alive, codecs)))
    finished = list(out.glob("c/*.png"))
    assert 0 < len(finished) < 400
    for path in finished:
        Image.open(path).load()
        json.loads(report_of(path).read_text())
    result = palimpsest("protect", many / "c/0.png", "--class", "c", "--out", out, "--force")
    assert result.returncode == 0 and not (out / ".palimpsest-partial").exists()


def test_codecs_that_are_killed_cost_nothing(binary, environment, many, tmp_path):
    out = tmp_path / "out"
    process = start(binary, environment, many, out)
    # Only one kill at a time: an image is given up after its second crash.
    os.kill(children(process.pid)[0], signal.SIGKILL)
    assert process.wait(timeout=120) == 0
    assert len(list(out.glob("c/*.png"))) == 400


def test_two_calls_at_once_into_one_folder_are_refused(
    binary, environment, palimpsest, many, tmp_path
):
    out = tmp_path / "out"
    process = start(binary, environment, many, out)
    try:
        result = palimpsest("protect", many / "c/1.png", "--class", "c", "--out", out)
        assert result.returncode == 1 and "Another call is writing to" in result.stderr
    finally:
        process.kill()
        process.wait()
