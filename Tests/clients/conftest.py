"""Third-party programs as clients.

They need packages of their own, so `make test-clients` runs these tests, not `make test`.
"""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from service import Service


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    service = Service(
        tmp_path_factory.mktemp("service") / "data", None, ["--log-level", "notice"]
    ).start()
    yield service
    assert service.stop() == 0, service.log()
