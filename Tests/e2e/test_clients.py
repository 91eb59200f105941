"""The example clients of docs/clients, as a reader would start them."""

import os
import subprocess
import sys
import zipfile

import pytest
from archives import check_protected
from service import FIXTURES, PATIENCE, ROOT

CLIENTS = ROOT / "docs/clients"
COMMANDS = [
    pytest.param([sys.executable, CLIENTS / "protect.py"], id="python"),
    pytest.param(["node", CLIENTS / "protect.mjs"], id="javascript"),
]


def start(command, service, photo, archive, key):
    return subprocess.run(
        [*command, service.url(""), "birds", photo, archive],
        env={**os.environ, "PALIMPSEST_KEY": key},
        capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("command", COMMANDS)
def test_an_example_protects_a_photo(shared_service, tmp_path, command):
    photo, archive = FIXTURES / "parrots.jpg", tmp_path / "protected.zip"
    result = start(command, shared_service, photo, archive, shared_service.key)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    with zipfile.ZipFile(archive) as opened:
        assert opened.testzip() is None
        check_protected(opened.read("birds/parrots.png"), photo)


@pytest.mark.parametrize("command", COMMANDS)
def test_an_example_says_why_it_was_refused(shared_service, tmp_path, command):
    archive = tmp_path / "protected.zip"
    result = start(command, shared_service, FIXTURES / "parrots.jpg", archive, "plm_wrong")
    assert result.returncode == 1 and not archive.exists()
    assert result.stderr.startswith("key_invalid: "), result.stderr
