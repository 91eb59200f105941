"""A bare Debian 12 with the package beside it, booted once for all tests of a file."""

import os
import pathlib
import shutil
import subprocess

import pytest
from machine import Machine, bare_debian, run

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def package():
    """The Debian package that `make package` has made of this version."""
    version = (ROOT / "VERSION").read_text().strip()
    architecture = run("dpkg", "--print-architecture").stdout.strip()
    path = ROOT / f".build/package/palimpsest_{version}_{architecture}.deb"
    assert path.exists(), f"{path} is not made; run `make package`"
    return path


@pytest.fixture(scope="session")
def newer_package(package, tmp_path_factory):
    """The same as a later version."""
    folder = tmp_path_factory.mktemp("newer")
    run("dpkg-deb", "--raw-extract", package, folder / "root")
    control = folder / "root/DEBIAN/control"
    text = control.read_text()
    later = text.replace("\nVersion: ", "\nVersion: 1:", 1)
    assert later != text
    control.write_text(later)
    run("dpkg-deb", "--root-owner-group", "-Znone", "--build", folder / "root", folder / "new.deb")
    return folder / "new.deb"


@pytest.fixture(scope="session")
def base():
    """The smallest Debian 12; it is kept from one call to the next."""
    if os.geteuid() != 0:
        pytest.skip("only root can make and boot a machine")
    return bare_debian(ROOT / ".build/machine/base")


@pytest.fixture(scope="module")
def machine(base, package, newer_package, tmp_path_factory):
    """The machine, booted, with both packages in /root and what they need in apt's cache."""
    folder = tmp_path_factory.mktemp("machine")
    machine = Machine(base, folder / "root")
    try:
        shutil.copy(package, machine.path("/root/palimpsest.deb"))
        shutil.copy(newer_package, machine.path("/root/newer.deb"))
        shutil.copy(ROOT / "Tests/e2e/fixtures/parrots.jpg", folder / "photo.jpg")
        machine.prepare("apt-get", "update")
        machine.prepare(
            "apt-get", "install", "--yes", "--no-install-recommends", "--download-only",
            "/root/palimpsest.deb",
        )  # fmt: skip
        yield machine.boot()
    finally:
        machine.stop()
        subprocess.run(["rm", "-rf", "--one-file-system", folder / "root"], check=False)
