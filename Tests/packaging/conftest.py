"""The files that `make install` puts under a prefix, once for all tests."""

import os
import subprocess

import pytest
from places import PREFIX, ROOT


@pytest.fixture(scope="session")
def tree(tmp_path_factory):
    """A folder with everything under it, as if it were the machine's root."""
    folder = tmp_path_factory.mktemp("tree")
    environment = {
        **os.environ, "DESTDIR": str(folder), "PREFIX": PREFIX,
        "MANUAL": str(tmp_path_factory.mktemp("manual")),
    }  # fmt: skip
    subprocess.run(
        [ROOT / "scripts/install-files"], env=environment, check=True, stdin=subprocess.DEVNULL
    )
    return folder


@pytest.fixture(scope="session")
def installed(tree):
    return tree / PREFIX.lstrip("/")
