"""`make run` and `make test` on a fresh machine.

apt is locked by its first updates, packages are missing, and the first build is long. Debian's own
apt-get runs here with lists, locks and packages of its own: nothing is installed, and no privileges
are needed.
"""

import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = "zlib1g-dev"
LOCKS = {
    "the lists of packages": "state/lists/lock",
    "dpkg's front end": "dpkg/lock-frontend",
    "dpkg": "dpkg/lock",
    "the downloads": "cache/archives/lock",
}

needs_apt = pytest.mark.skipif(shutil.which("apt-get") is None, reason="this is not Debian")


def program(path, text):
    path.write_text(text)
    path.chmod(0o755)


@pytest.fixture
def house(tmp_path):
    """A copy of Makefile and scripts, with stand-in programs first in PATH.

    dpkg lacks a package that apt has, and there is a stand-in for Swift.
    """
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copy(ROOT / "Makefile", tmp_path)
    stubs = tmp_path / "bin"
    stubs.mkdir()
    program(
        stubs / "dpkg-query",
        f'#!/bin/sh\nfor last; do :; done\n[ "$last" = {PACKAGE} ] || echo installed\n',
    )
    program(stubs / "sudo", '#!/bin/sh\nexec "$@"\n')
    program(stubs / "swift", '#!/bin/sh\necho "swift $*"\n')
    return tmp_path


@pytest.fixture
def machine(house):
    """The environment in which apt-get sees its own root folder, and that folder."""
    world = house / "apt"
    for folder in [
        "state/lists/partial", "cache/archives/partial", "dpkg", "etc/apt.conf.d",
        "etc/preferences.d", "etc/sources.list.d", "log",
    ]:  # fmt: skip
        (world / folder).mkdir(parents=True)
    (world / "etc/sources.list").touch()
    (world / "dpkg/status").write_text(
        f"Package: {PACKAGE}\nStatus: install ok installed\n"
        "Architecture: all\nVersion: 1\n"
        "Maintainer: A <a@example.org>\n"
        "Description: a\n"
    )
    folders = {
        "Dir::State": "state",
        "Dir::State::status": "dpkg/status",
        "Dir::Cache": "cache",
        "Dir::Etc": "etc",
        "Dir::Log": "log",
    }
    (world / "apt.conf").write_text(
        "".join(f'{name} "{world / folder}";\n' for name, folder in folders.items())
    )
    environment = {
        **os.environ,
        "PATH": f"{house / 'bin'}:{os.environ['PATH']}",
        "APT_CONFIG": str(world / "apt.conf"),
        "APT_PAUSE": "0.1",
    }
    return environment, world


@contextlib.contextmanager
def held(path):
    """Holds a lock as apt and dpkg do."""
    with path.open("w") as file:
        fcntl.lockf(file, fcntl.LOCK_EX)
        yield


def start(house, environment, *command):
    return subprocess.Popen(
        command,
        cwd=house,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        bufsize=1,
    )


@needs_apt
@pytest.mark.parametrize("lock", LOCKS.values(), ids=LOCKS)
def test_a_locked_apt_is_waited_for_and_the_user_is_told_for_whom(house, machine, lock):
    environment, world = machine
    with held(world / lock):
        process = start(house, environment, "scripts/install-packages", "build")
        told = next((line for line in process.stdout if "waiting" in line), "")
        assert f"for process {os.getpid()} " in told and str(world / lock) in told, told
        assert process.poll() is None
    rest = process.stdout.read()
    assert process.wait() == 0 and "waiting" not in rest, rest
    assert f"{PACKAGE} is already the newest version" in rest, "apt has done its work"


@needs_apt
def test_a_lock_that_stays_ends_the_wait_and_names_who_has_it(house, machine):
    environment, world = machine
    with held(world / "dpkg/lock-frontend"):
        result = subprocess.run(
            ["scripts/install-packages", "build"],
            cwd=house, env={**environment, "APT_WAIT": "1"}, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
    assert result.returncode == 75, result
    assert f"locked by process {os.getpid()} " in result.stderr and "APT_WAIT" in result.stderr, (
        result.stderr
    )


@needs_apt
def test_other_failures_of_apt_are_not_waited_for(house, machine):
    environment, world = machine
    (world / "dpkg/status").write_text("")
    result = subprocess.run(
        ["scripts/install-packages", "build"],
        cwd=house,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 100 and "waiting" not in result.stderr, result
    assert PACKAGE in result.stderr, "apt's own words come through"


def test_without_rights_it_says_what_is_missing_and_what_root_should_run(house):
    tools = house / "tools"
    tools.mkdir()
    for name in ["bash", "env", "sh"]:
        (tools / name).symlink_to(shutil.which(name))
    for name in ["dpkg-query", "swift"]:
        (tools / name).symlink_to(house / "bin" / name)
    program(tools / "id", "#!/bin/sh\necho 1000\n")
    result = subprocess.run(
        ["scripts/install-packages", "build"],
        cwd=house,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 77, result
    assert PACKAGE in result.stderr and "scripts/install-packages build" in result.stderr, (
        result.stderr
    )


def test_where_there_is_no_dpkg_nothing_is_installed_and_that_is_said(house):
    tools = house / "tools"
    tools.mkdir()
    for name in ["bash", "env"]:
        (tools / name).symlink_to(shutil.which(name))
    (tools / "swift").symlink_to(house / "bin/swift")
    result = subprocess.run(
        ["scripts/install-packages", "build"],
        cwd=house,
        env={"PATH": str(tools)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0 and "libheif-dev" in result.stderr, result


@needs_apt
def test_make_build_on_a_bare_machine_installs_before_it_builds(house, machine):
    result = subprocess.run(
        ["make", "build"], cwd=house, env=machine[0], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result
    words = [
        "Installing " + PACKAGE,
        "already the newest version",
        "The first build",
        "swift build -c release",
    ]
    places = [result.stdout.find(each) for each in words]
    assert -1 not in places and places == sorted(places), result.stdout


def targets():
    return re.findall(r"^\.PHONY: (\S+)", (ROOT / "Makefile").read_text(), re.M)


@pytest.mark.parametrize("target", targets())
def test_no_target_builds_or_tests_before_what_it_needs_is_installed(target):
    steps = (
        subprocess.run(
            ["make", "-n", target, "DATA=x"], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
    )
    first = {
        name: min((found.start() for found in re.finditer(pattern, steps)), default=None)
        for name, pattern in [
            ("install", r"scripts/install-packages build"),
            ("build", r"scripts/build |scripts/fuzz|\bswift (build|test)\b"),
            ("venv", r"scripts/install-venv"),
            ("python", r"\.venv[\w-]*/bin/python"),
        ]
    }
    for needed, user in [("install", "build"), ("venv", "python")]:
        assert first[user] is None or (first[needed] is not None and first[needed] < first[user]), (
            steps
        )


def test_the_first_build_says_what_to_expect_and_a_silent_one_that_it_goes_on(house, machine):
    program(
        house / "bin/swift",
        '#!/bin/sh\necho "swift $*"\n'
        'until [ -e go ]; do sleep 0.05; done\n'
        'mkdir -p .build/release\n'
        ': > .build/release/it\n',
    )
    environment = {**machine[0], "BUILD_NOTE_SECONDS": "0.2"}
    command = ["scripts/build", "release/it", "build", "-c", "release"]
    process = start(house, environment, *command)
    before = []
    for line in process.stdout:
        before.append(line)
        if line.startswith("... still"):
            break
    text = "".join(before)
    assert text.index("takes some minutes") < text.index("swift build -c release\n"), text
    (house / "go").touch()
    process.stdout.read()
    assert process.wait() == 0
    later = subprocess.run(
        command, cwd=house, env=environment, capture_output=True, text=True, check=False
    )
    assert later.returncode == 0 and "takes some minutes" not in later.stdout, later


def test_a_build_that_fails_fails(house, machine):
    program(house / "bin/swift", "#!/bin/sh\nexit 3\n")
    assert (
        subprocess.run(
            ["scripts/build", "x", "build"], cwd=house, env=machine[0], check=False
        ).returncode
        == 3
    )
