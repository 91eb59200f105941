"""The filter of system calls: what happens where the kernel has none, and that it is there where it has one."""

import ctypes
import errno
import pathlib
import platform
import struct
import subprocess

import pytest
from pictures import picture
from test_processes import children, eventually

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}[platform.machine()]
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000


def forget_seccomp():
    """Makes seccomp(2) fail from here on, as a kernel fails it that does not know it."""
    instructions = [(LOAD, 0, 0, 0), (EQUAL, 0, 1, SECCOMP_CALL), (RETURN, 0, 0, FAIL | errno.ENOSYS), (RETURN, 0, 0, ALLOW)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in instructions))
    program = struct.pack("@HP", len(instructions), ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    assert libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, program, 0, 0) == 0


@pytest.fixture
def photo(tmp_path):
    return picture(tmp_path / "in/c/a.png")


def test_without_seccomp_nothing_is_decoded_unless_that_is_asked_for(palimpsest, photo, tmp_path):
    out = tmp_path / "out"
    result = palimpsest("protect", photo, "--class", "c", "--out", out, preexec_fn=forget_seccomp)
    assert result.returncode == 1 and not out.joinpath("c/a.png").exists()
    assert "codec_unfiltered" in result.stderr and "--system-call-filter off" in result.stderr, result.stderr
    assert result.stderr.count("codec_unfiltered") == 1, result.stderr

    arguments = ("protect", photo, "--class", "c", "--out", out, "--system-call-filter", "off")
    assert palimpsest(*arguments, preexec_fn=forget_seccomp).returncode == 0
    made = out / "c/a.png"

    result = palimpsest("verify", photo, made, preexec_fn=forget_seccomp)
    assert result.returncode == 1 and "--system-call-filter off" in result.stderr and not result.stdout, result
    result = palimpsest("verify", photo, made, "--system-call-filter", "off", preexec_fn=forget_seccomp)
    assert result.returncode == 0 and result.stdout.endswith("\nverified\n"), result


def test_without_seccomp_the_service_does_not_start(binary, environment, tmp_path):
    command = [binary, "serve", "--bind", "127.0.0.1:0", "--data", tmp_path / "data", "--workers", "1"]
    result = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False, preexec_fn=forget_seccomp
    )
    assert result.returncode != 0 and "codec_unfiltered" in result.stderr, result.stderr


def filters(parent):
    """What the kernel says of each child's system calls: 2 where they are filtered."""
    states = [pathlib.Path(f"/proc/{pid}/status").read_text() for pid in children(parent)]
    return [line.split()[1] for state in states for line in state.splitlines() if line.startswith("Seccomp:")]


def test_every_codec_is_filtered(binary, environment, tmp_path):
    for number in range(200):
        picture(tmp_path / f"in/c/{number}.png", side=200)
    command = [binary, "protect", tmp_path / "in", "--out", tmp_path / "out", "--jobs", "2"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        # One codec has made a picture; the other may still load the weights, but not for long.
        assert eventually(lambda: any((tmp_path / "out").glob("*/*.png")))
        assert eventually(lambda: (states := filters(process.pid)) and len(states) == 2 and set(states) == {"2"}), filters(process.pid)
    finally:
        process.kill()
        process.wait()
