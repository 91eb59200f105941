import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import random_weights  # noqa: E402
from service import BINARY, Service  # noqa: E402


@pytest.fixture(scope="session")
def weights(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "random.safetensors"
    random_weights.write(path)
    return path


@pytest.fixture(scope="session", autouse=True)
def binary():
    assert BINARY.exists(), f"{BINARY} is missing: run `make build` first"


@pytest.fixture
def make_service(tmp_path, weights):
    """Makes services with fresh data folders, and ends them all."""
    made = []

    def make(*extra, name="data", **options):
        service = Service(tmp_path / name, weights, extra, **options)
        made.append(service)
        return service.start()

    yield make
    for service in made:
        if service.process is not None and service.process.poll() is None:
            service.kill()


@pytest.fixture(scope="module")
def shared_service(tmp_path_factory, weights):
    """One service for the tests of a module that leave it as it was; it must stop cleanly at the end."""
    service = Service(tmp_path_factory.mktemp("service") / "data", weights).start()
    yield service
    assert service.stop() == 0, service.log()
