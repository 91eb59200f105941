"""`palimpsest recover` does not trust the service.

It decodes without privileges, and writes a complete file or none.
"""

import ctypes
import errno
import os
import pathlib
import platform
import resource
import signal
import struct
import subprocess
import time

import numpy as np
import pytest
from PIL import Image
from service import BINARY
from test_attachments import HATS, PASSPHRASE, upload

SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}[platform.machine()]


@pytest.fixture(scope="module")
def delivered(shared_service, tmp_path_factory):
    folder = tmp_path_factory.mktemp("delivered")
    path, _ = upload(
        shared_service, "--header", f"Palimpsest-Recovery-Passphrase: {PASSPHRASE}", files=[HATS]
    )
    (folder / "p.png").write_bytes(shared_service.get(f"{path}/images/1.png").body)
    (folder / "p.recovery").write_bytes(shared_service.get(f"{path}/images/1/recovery").body)
    (folder / "passphrase").write_text(PASSPHRASE)
    return folder


@pytest.fixture
def recover(delivered, tmp_path):
    def run(*arguments, secret=delivered / "passphrase", **options):
        command = [
            BINARY,
            "recover",
            delivered / "p.png",
            delivered / "p.recovery",
            "-o",
            tmp_path / "out.png",
        ]
        command += ["--passphrase-file", secret, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)

    return run


def forget_seccomp():
    """Makes seccomp(2) fail from here on, as on a kernel without it."""
    load, equal, give, allow, fail = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050000
    instructions = [
        (load, 0, 0, 0),
        (equal, 0, 1, SECCOMP_CALL),
        (give, 0, 0, fail | errno.ENOSYS),
        (give, 0, 0, allow),
    ]
    code = ctypes.create_string_buffer(
        b"".join(struct.pack("=HBBI", *each) for each in instructions)
    )
    libc = ctypes.CDLL(None)
    assert libc.prctl(38, 1, 0, 0, 0) == 0
    assert (
        libc.prctl(22, 2, struct.pack("@HP", len(instructions), ctypes.addressof(code)), 0, 0) == 0
    )


def same_as_hats(path):
    return (np.asarray(Image.open(path)) == np.asarray(Image.open(HATS))).all()


def test_nothing_is_decoded_without_the_filter_unless_that_is_asked_for(recover, tmp_path):
    result = recover(preexec_fn=forget_seccomp)
    assert result.returncode == 1 and "--system-call-filter off" in result.stderr, result
    assert list(tmp_path.iterdir()) == []
    result = recover("--system-call-filter", "off", preexec_fn=forget_seccomp)
    assert result.returncode == 0 and same_as_hats(tmp_path / "out.png"), result


def test_the_owner_says_how_many_pixels_may_be_decoded(recover, tmp_path):
    # The picture has 128 x 160.
    result = recover("--max-pixels", "20479")
    assert result.returncode == 1 and "20479 are allowed (--max-pixels" in result.stderr, result
    assert list(tmp_path.iterdir()) == []
    result = recover("--max-pixels", "20480")
    assert result.returncode == 0 and same_as_hats(tmp_path / "out.png"), result


def test_a_file_that_cannot_be_written_is_not_there(recover, tmp_path):
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
    result = recover(preexec_fn=limit)
    assert result.returncode == 1 and result.stderr.startswith("Error: "), result
    assert list(tmp_path.iterdir()) == []


def test_what_is_there_stays(recover, tmp_path):
    (tmp_path / "out.png").write_text("mine")
    result = recover()
    assert result.returncode == 1 and "File exists" in result.stderr
    assert (
        [file.name for file in tmp_path.iterdir()] == ["out.png"]
        and (tmp_path / "out.png").read_text() == "mine"
    )


def test_blanks_around_the_passphrase_are_none_of_it(recover, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(f" \t{PASSPHRASE}\t \r\n")
    result = recover(secret=secret)
    assert result.returncode == 0 and same_as_hats(tmp_path / "out.png"), result


def test_what_decodes_has_no_rights(delivered, tmp_path):
    # Its message about a size-limited file goes into a full pipe, so it blocks once it has decoded.
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with pytest.raises(BlockingIOError):
        while True:
            os.write(writing, b"." * 4096)
    os.set_blocking(writing, True)
    command = [
        BINARY, "recover", delivered / "p.png", delivered / "p.recovery", "-o", tmp_path / "out.png"
    ]
    command += ["--passphrase-file", delivered / "passphrase"]

    def limit():
        # Then the write fails, instead of a signal ending the process.
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))

    process = subprocess.Popen(command, stderr=writing, preexec_fn=limit)
    os.close(writing)

    def is_sealed():
        listed = pathlib.Path(
            f"/proc/{process.pid}/task/{process.pid}/children"
        ).read_text().split()
        if not listed:
            return False
        lines = [
            line.partition(":")
            for line in pathlib.Path(f"/proc/{listed[0]}/status").read_text().splitlines()
        ]
        status = {name: value.split() for name, _, value in lines}
        user = 65534 if os.geteuid() == 0 else os.geteuid()
        return (
            status["Seccomp"] == ["2"]
            and status["Uid"] == [str(user)] * 4
            and (user != 65534 or (status["Gid"] == ["65534"] * 4 and status["Groups"] == []))
            and all(status[name] == ["0" * 16] for name in ["CapInh", "CapPrm", "CapEff", "CapAmb"])
        )

    try:
        deadline = time.monotonic() + 60
        while (
            not (sealed := is_sealed()) and process.poll() is None and time.monotonic() < deadline
        ):
            time.sleep(0.01)
        assert sealed
        with os.fdopen(reading, "rb") as words:
            assert words.read().lstrip(b".").startswith(b"Error: ")
        assert process.wait(timeout=60) == 1 and list(tmp_path.iterdir()) == []
    finally:
        process.kill()
        process.wait()


def test_the_photo_goes_to_the_standard_output_and_the_secret_comes_from_the_standard_input(
    delivered, recover, tmp_path
):
    recover()
    command = [BINARY, "recover", delivered / "p.png", delivered / "p.recovery", "-o", "-"]
    result = subprocess.run(
        [*command, "--passphrase-file", "-"], input=PASSPHRASE.encode(), capture_output=True
    )
    assert (result.returncode, result.stderr) == (0, b""), result
    assert result.stdout == (tmp_path / "out.png").read_bytes()
    wrong = subprocess.run(
        [*command, "--passphrase-file", "-"], input=b"another passphrase", capture_output=True
    )
    assert wrong.returncode == 1 and wrong.stdout == b"" and wrong.stderr, wrong
