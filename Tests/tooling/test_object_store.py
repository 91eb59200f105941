"""scripts/with-object-store, with a stand-in for a store."""

import pathlib
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
STORE = """#!/usr/bin/env bash
case $1 in
serve)
    echo "$$" >"$SEEN/process"
    echo "$2" >"$SEEN/folder"
    [[ -z ${BROKEN:-} ]] || { echo "no such luck" >&2; exit 1; }
    echo s3://blobs
    exec sleep 600
    ;;
*) echo "$@" ;;
esac
"""


@pytest.fixture
def run(tmp_path):
    """Runs the script of a copy whose only store is the stand-in."""
    scripts = tmp_path / "scripts"
    (scripts / "object-stores").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "with-object-store", scripts)
    programs = tmp_path / ".venv-object-store" / "bin"
    programs.mkdir(parents=True)
    for path, text in [(scripts / "object-stores" / "toy", STORE), (programs / "rclone", "")]:
        path.write_text(text)
        path.chmod(0o755)

    def run(*arguments, **environment):
        return subprocess.run(
            [scripts / "with-object-store", *arguments],
            env={"PATH": "/usr/bin:/bin", "SEEN": str(tmp_path), **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


def seen(tmp_path, name):
    return (tmp_path / name).read_text().strip()


def test_command_finds_the_store_and_nothing_of_it_stays(run, tmp_path):
    command = 'echo "$PALIMPSEST_TEST_S3"; "$PALIMPSEST_TEST_S3_TAMPER" age "a b" 5; exit 7'
    result = run("toy", "bash", "-c", command)
    folder = seen(tmp_path, "folder")
    assert result.returncode == 7, result.stderr
    assert result.stdout.splitlines() == ["s3://blobs", f"age {folder} a b 5"]
    assert not pathlib.Path(folder).parent.exists()
    assert not pathlib.Path("/proc", seen(tmp_path, "process")).exists()


def test_a_store_that_does_not_start_says_why(run, tmp_path):
    result = run("toy", "true", BROKEN="1")
    assert result.returncode == 1
    assert "toy does not start: no such luck" in result.stderr
    assert not pathlib.Path(seen(tmp_path, "folder")).parent.exists()


@pytest.mark.parametrize("arguments", [(), ("toy",), ("other", "true")])
def test_the_stores_are_named(run, arguments):
    result = run(*arguments)
    assert result.returncode == 64
    assert "name one of toy, and a command" in result.stderr


def test_what_is_to_be_installed_is_named(run, tmp_path):
    (tmp_path / ".venv-object-store" / "bin" / "rclone").unlink()
    result = run("toy", "true")
    assert result.returncode == 69
    assert "make test-object-store" in result.stderr
