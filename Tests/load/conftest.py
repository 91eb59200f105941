"""Shared by the long tests, which take minutes: run `make test-load`, not `make test`."""

import contextlib
import os
import pathlib
import sys
import time

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from service import Service
from test_tls import Authority


class Watched(Service):
    """A service whose process is observed from outside."""

    def descriptors(self):
        """The number of open descriptors other than the database's.

        The database's second reader opens on the first concurrent read.
        """
        count = 0
        for path in pathlib.Path(f"/proc/{self.process.pid}/fd").iterdir():
            with contextlib.suppress(FileNotFoundError):
                count += "palimpsest.sqlite" not in os.readlink(path)
        return count

    def threads(self):
        return len(list(pathlib.Path(f"/proc/{self.process.pid}/task").iterdir()))

    def processor_seconds(self):
        fields = (
            pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        )
        return (int(fields[11]) + int(fields[12])) / 100

    def memory(self, name="VmRSS"):
        """Resident bytes, or with VmHWM their peak."""
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return next(
            int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith(name)
        )

    def forget_peak(self):
        """Restarts the peak measurement."""
        pathlib.Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def assert_idle(self, seconds=5):
        """Asserts that the idle service uses no CPU."""
        before = self.processor_seconds()
        time.sleep(seconds)
        assert self.processor_seconds() - before < 0.02 * seconds


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "ca", "authority")


@pytest.fixture(params=["plain", "tls"])
def make_watched(request, tmp_path, authority):
    """Makes services over plain TCP and over TLS, and stops them."""
    made = []

    def make(*options):
        if request.param == "tls":
            certificate, key = authority.sign("server")
            options = [*options, "--tls-certificate", certificate, "--tls-key", key]
        service = Watched(tmp_path / f"data-{len(made)}", None, list(map(str, options)))
        if request.param == "tls":
            service.scheme, service.curl_options = "https", ["--cacert", authority.file]
        made.append(service)
        return service.start()

    yield make
    for service in made:
        if service.process is not None and service.process.poll() is None:
            service.kill()
