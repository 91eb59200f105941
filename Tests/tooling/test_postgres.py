"""scripts/with-postgres: a server of its own, whoever runs it, and nothing left behind."""

import os
import pathlib
import shutil
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SHOW = """
psql -Atc "SELECT current_user || ' ' || pg_encoding_to_char(encoding) FROM pg_database LIMIT 1"
psql -Atc "SHOW listen_addresses" "$PALIMPSEST_TEST_POSTGRES"
head -1 "$PALIMPSEST_TEST_POSTGRES_CLUSTER/postmaster.pid" 2>/dev/null || true
"""
NOBODY = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]


def run(*command, user=(), **environment):
    return subprocess.run(
        [*user, ROOT / "scripts" / "with-postgres", *command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
    )


@pytest.mark.parametrize(
    "user",
    [
        [],
        pytest.param(
            NOBODY, marks=pytest.mark.skipif(os.getuid() != 0, reason="only root changes its user")
        ),
    ],
    ids=["itself", "nobody"],
)
def test_a_command_finds_a_server_that_goes_with_it(tmp_path, user):
    folder = pathlib.Path("/tmp") / f"palimpsest-postgres-{os.getpid()}"
    folder.mkdir(mode=0o1777)
    folder.chmod(0o1777)
    try:
        result = run("bash", "-ec", SHOW, user=user, TMPDIR=str(folder), HOME=str(folder))
        assert result.returncode == 0, result.stderr
        lines = result.stdout.splitlines()
        assert lines[:2] == ["palimpsest UTF8", ""], lines
        # It takes a moment from its last word to its end.
        for _ in range(100):
            if not lines[2:] or not pathlib.Path(f"/proc/{lines[2]}").exists():
                break
            time.sleep(0.1)
        else:
            pytest.fail("the server stays")
        assert list(folder.iterdir()) == []
    finally:
        shutil.rmtree(folder)


def test_the_status_is_the_commands_own():
    assert run("bash", "-c", "exit 7").returncode == 7


def test_no_command_is_refused():
    result = run()
    assert result.returncode == 64 and "name a command" in result.stderr
