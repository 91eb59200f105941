"""Processes that decode have no privileges, and few system calls where the kernel filters them."""

import ctypes
import errno
import fcntl
import os
import pathlib
import platform
import shutil
import struct
import subprocess
import tempfile

import pytest
from pictures import picture
from test_processes import children, eventually

PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, SECCOMP_MODE_FILTER = 38, 22, 2
SECCOMP_CALL = {"x86_64": 317, "aarch64": 277}[platform.machine()]
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000


def forget_seccomp():
    """Makes seccomp(2) fail from here on, as on a kernel without it."""
    instructions = [
        (LOAD, 0, 0, 0),
        (EQUAL, 0, 1, SECCOMP_CALL),
        (RETURN, 0, 0, FAIL | errno.ENOSYS),
        (RETURN, 0, 0, ALLOW),
    ]
    code = ctypes.create_string_buffer(
        b"".join(struct.pack("=HBBI", *each) for each in instructions)
    )
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
    assert "codec_unfiltered" in result.stderr and "--system-call-filter off" in result.stderr, (
        result.stderr
    )
    assert result.stderr.count("codec_unfiltered") == 1, result.stderr

    arguments = ("protect", photo, "--class", "c", "--out", out, "--system-call-filter", "off")
    assert palimpsest(*arguments, preexec_fn=forget_seccomp).returncode == 0
    made = out / "c/a.png"

    result = palimpsest("verify", photo, made, preexec_fn=forget_seccomp)
    assert (
        result.returncode == 2 and "--system-call-filter off" in result.stderr and not result.stdout
    ), result
    result = palimpsest(
        "verify", photo, made, "--system-call-filter", "off", preexec_fn=forget_seccomp
    )
    assert result.returncode == 0 and result.stdout.endswith("\nverified\n"), result


def test_without_seccomp_the_service_does_not_start(binary, environment, tmp_path):
    command = [
        binary, "serve", "--bind", "127.0.0.1:0", "--data", tmp_path / "data", "--workers", "1"
    ]
    result = subprocess.run(
        command,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        preexec_fn=forget_seccomp,
    )
    assert result.returncode != 0 and "codec_unfiltered" in result.stderr, result.stderr


def filters(parent):
    """The kernel's seccomp state of each child: 2 if its system calls are filtered."""
    states = [pathlib.Path(f"/proc/{pid}/status").read_text() for pid in children(parent)]
    return [
        line.split()[1]
        for state in states
        for line in state.splitlines()
        if line.startswith("Seccomp:")
    ]


def test_every_codec_is_filtered(binary, environment, tmp_path):
    for number in range(200):
        picture(tmp_path / f"in/c/{number}.png", side=200)
    command = [binary, "protect", tmp_path / "in", "--out", tmp_path / "out", "--jobs", "2"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        # One codec has made a picture; the other may still be loading the weights, but not for
        # long.
        assert eventually(lambda: any((tmp_path / "out").glob("*/*.png")))
        assert eventually(
            lambda: (states := filters(process.pid)) and len(states) == 2 and set(states) == {"2"}
        ), filters(process.pid)
    finally:
        process.kill()
        process.wait()


NOBODY = 65534
NO_CAPABILITIES = "0000000000000000"
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has rights to give up")


def rights(pid):
    """Users, groups and capabilities of every thread of a process, as the kernel reports them."""
    found = []
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        lines = [line.partition(":") for line in (task / "status").read_text().splitlines()]
        found.append({name: value.split() for name, _, value in lines})
    return found


def has_no_rights(pid, user=None, bounding=None):
    """Whether a process runs as this user without capabilities.

    The default user is that of the codecs when the tests' user starts them.
    """
    if user is None:
        user = NOBODY if os.geteuid() == 0 else os.geteuid()
    if bounding is None:
        bounding = NO_CAPABILITIES if os.geteuid() == 0 else None
    try:
        threads = rights(pid)
    except FileNotFoundError:
        return False
    return all(
        thread["Uid"] == [str(user)] * 4
        and all(
            thread[name] == [NO_CAPABILITIES] for name in ["CapInh", "CapPrm", "CapEff", "CapAmb"]
        )
        and (bounding is None or thread["CapBnd"] == [bounding])
        and (user != NOBODY or (thread["Gid"] == [str(NOBODY)] * 4 and thread["Groups"] == []))
        for thread in threads
    )


def codecs_without_rights(process, count, **expected):
    return (
        (codecs := children(process.pid))
        and len(codecs) == count
        and all(has_no_rights(pid, **expected) for pid in codecs)
    )


def test_codecs_of_protect_have_no_rights(binary, environment, tmp_path):
    for number in range(200):
        picture(tmp_path / f"in/c/{number}.png", side=200)
    command = [binary, "protect", tmp_path / "in", "--out", tmp_path / "out", "--jobs", "2"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
    try:
        assert eventually(lambda: any((tmp_path / "out").glob("*/*.png")))
        assert eventually(lambda: codecs_without_rights(process, 2)), [
            rights(pid) for pid in children(process.pid)
        ]
    finally:
        process.kill()
        process.wait()


def serve(binary, environment, folder, *before):
    log = folder.with_suffix(".log")
    command = [
        *before, binary, "serve", "--bind", "127.0.0.1:0", "--data", folder, "--workers", "2"
    ]
    with log.open("w") as errors:
        return subprocess.Popen(command, env=environment, stderr=errors), log


def test_codecs_of_serve_have_no_rights(binary, environment, tmp_path):
    process, log = serve(binary, environment, tmp_path / "data")
    try:
        assert eventually(lambda: "listening" in log.read_text()), log.read_text()
        assert eventually(lambda: codecs_without_rights(process, 2)), [
            rights(pid) for pid in children(process.pid)
        ]
        assert rights(process.pid)[0]["Uid"] == [str(os.geteuid())] * 4
        assert "root" not in log.read_text(), log.read_text()
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0
    assert not children(process.pid)


@only_root
@pytest.mark.parametrize("capability", ["kill", "setuid", "setgid"])
def test_root_that_could_not_end_or_make_other_users_keeps_its_codecs_and_says_so(
    binary, environment, tmp_path, capability
):
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    without = ["setpriv", f"--bounding-set=-{capability}", f"--inh-caps=-{capability}"]
    process, log = serve(binary, environment, tmp_path / "data", *without)
    try:
        assert eventually(lambda: "listening" in log.read_text()), log.read_text()
        assert eventually(lambda: codecs_without_rights(process, 2, user=0)), [
            rights(pid) for pid in children(process.pid)
        ]
        words = log.read_text()
        assert "stay root" in words and f"CAP_{capability.upper()}" in words, words
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0


def test_in_a_namespace_without_nobody_photos_are_protected_all_the_same(
    palimpsest, binary, environment, photo, tmp_path
):
    namespace = ["unshare", "--user", "--map-root-user"]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode != 0
    ):
        pytest.skip("user namespaces are not allowed here")
    out = tmp_path / "out"
    command = [*namespace, binary, "protect", photo, "--class", "c", "--out", out]
    result = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0 and (out / "c/a.png").exists(), result
    result = subprocess.run(
        [*namespace, binary, "verify", photo, out / "c/a.png"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 0 and result.stdout.endswith("\nverified\n"), result


@only_root
def test_capabilities_that_an_ordinary_user_was_given_do_not_reach_codecs(
    binary, environment, tmp_path
):
    if shutil.which("setpriv") is None:
        pytest.skip("setpriv is not installed")
    user = 65533
    # A unit with AmbientCapabilities=CAP_NET_BIND_SERVICE starts the service like this.
    given = [
        "setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups",
        "--inh-caps=+net_bind_service", "--ambient-caps=+net_bind_service",
    ]  # fmt: skip
    if (
        subprocess.run([*given, binary, "version"], capture_output=True, check=False).returncode
        != 0
    ):
        pytest.skip("the binary lies where other users may not read it")
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        os.chown(folder, user, user)
        process, log = serve(binary, environment, folder / "data", *given)
        try:
            assert eventually(lambda: "listening" in log.read_text()), log.read_text()
            assert rights(process.pid)[0]["CapAmb"] != [NO_CAPABILITIES]
            # An ordinary user cannot clear the bounding set, which is harmless without exec and new
            # privileges.
            everything = rights("self")[0]["CapBnd"][0]
            assert eventually(
                lambda: codecs_without_rights(process, 2, user=user, bounding=everything)
            ), [rights(pid) for pid in children(process.pid)]
        finally:
            process.terminate()
            assert process.wait(timeout=60) == 0


def full_pipe():
    """A full pipe, which blocks its writer until it is drained."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    try:
        while True:
            os.write(writing, b"." * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)
    return reading, writing


def drain(reading):
    with os.fdopen(reading, "rb") as file:
        return file.read().lstrip(b".").decode()


def test_verify_has_no_rights_once_it_decodes(palimpsest, binary, environment, photo, tmp_path):
    assert palimpsest("protect", photo, "--class", "c", "--out", tmp_path / "out").returncode == 0
    reading, writing = full_pipe()
    process = subprocess.Popen(
        [binary, "verify", photo, tmp_path / "out/c/a.png"], env=environment, stdout=writing
    )
    os.close(writing)
    try:
        # It blocks on its first output, which follows the decoding of both pictures.
        assert eventually(
            lambda: has_no_rights(process.pid) and rights(process.pid)[0]["Seccomp"] == ["2"]
        ), rights(process.pid)
        assert drain(reading).endswith("\nverified\n")
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.wait()
