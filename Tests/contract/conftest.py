"""The service for the contract tests, which need extra packages: `make test-contract`."""

import pathlib
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/e2e"))

from measured import Measured  # noqa: E402
from objects import Objects  # noqa: E402
from postgres import Postgres  # noqa: E402
from service import BINARY, FIXTURES  # noqa: E402


# What takes longest begins first.
LONG = {"test_webhooks", "test_schemathesis"}


def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.path.stem not in LONG)


@pytest.fixture(scope="session", autouse=True)
def binary():
    assert BINARY.exists(), f"{BINARY} is missing: run `make build` first"


@pytest.fixture
def make_measured(tmp_path):
    """Makes services with fresh data folders, and stops them all."""
    made = []

    def make(*extra):
        service = Measured(tmp_path / f"data-{len(made)}", *extra)
        made.append(service)
        return service.start()

    yield make
    for service in made:
        if service.process is not None and service.process.poll() is None:
            service.kill()


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """A service that has protected three photos and refused one file and some requests."""
    folder = tmp_path_factory.mktemp("worked")
    broken = folder / "broken.jpg"
    broken.write_bytes((FIXTURES / "parrots.jpg").read_bytes()[:300])
    service = Measured(folder / "data").start()
    files = [FIXTURES / "parrots.jpg", FIXTURES / "plane.jpg", broken, FIXTURES / "hats.png"]
    service.path = service.upload(
        "--form",
        "class=secret-class",
        *(word for file in files for word in ("--form", f"file=@{file}")),
    )
    service.finished(service.path)
    service.get(f"{service.path}/events")
    assert service.get("/v1/jobs/unknown").status == 404
    assert service.curl("/v1/jobs").status == 401
    yield service
    assert service.stop() == 0, service.log()


@pytest.fixture(scope="module")
def clustered(tmp_path_factory):
    """A server with a database and an object store that it could share, and one photo done."""
    postgres, objects = Postgres(), Objects()
    options = ["--database", postgres.database(), "--blobs", objects.url]
    data = tmp_path_factory.mktemp("clustered") / "data"
    service = Measured(data, *options, environment=objects.environment).start()
    photo = f"file=@{FIXTURES / 'hats.png'}"
    service.finished(service.upload("--form", "class=hat", "--form", photo))
    yield service
    assert service.stop() == 0, service.log()
    objects.stop()
    postgres.stop()
