import pathlib
import signal
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from service import BINARY, Service  # noqa: E402

# Background jobs ignore SIGINT, and so would the commands that the tests interrupt.
signal.signal(signal.SIGINT, signal.default_int_handler)

# They wait the longest, so they begin first: otherwise the others end, and wait for them.
LONG = {"test_cluster_metrics", "test_queue", "test_submit", "test_unlock", "test_classes"}


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.stem not in LONG)


@pytest.fixture(scope="session")
def weights():
    """The shipped weights."""
    return (
        pathlib.Path(__file__).resolve().parents[2]
        / "Sources/DeepHiding/Resources/deep-hiding.safetensors"
    )


@pytest.fixture(scope="session", autouse=True)
def binary():
    assert BINARY.exists(), f"{BINARY} is missing: run `make build` first"


@pytest.fixture
def make_service(tmp_path, weights):
    """Makes services with fresh data folders, and stops them all."""
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
def shared_service(tmp_path_factory):
    """One service for a module's tests, which leave it unchanged; it must stop cleanly.

    It finds the shipped weights by itself.
    """
    service = Service(tmp_path_factory.mktemp("service") / "data", None).start()
    yield service
    assert service.stop() == 0, service.log()
