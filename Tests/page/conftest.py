"""The page in Debian's chromium, against the release binary: `make test-page`."""

import pathlib
import sys

import pytest
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/e2e"))

from browsing import Reader, launch  # noqa: E402
from service import BINARY, Service  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def binary():
    assert BINARY.exists(), f"{BINARY} is missing: run `make build` first"


@pytest.fixture(scope="session")
def browser():
    """One browser for all tests; each test has a profile of its own in it."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def make_service(tmp_path):
    """Makes services with fresh data folders, and stops them all."""
    made = []

    def make(*extra):
        service = Service(tmp_path / f"data-{len(made)}", None, extra)
        made.append(service)
        return service.start()

    yield make
    for service in made:
        if service.process is not None and service.process.poll() is None:
            service.kill()


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """One service for a module's tests; it must stop cleanly."""
    service = Service(tmp_path_factory.mktemp("service") / "data", None).start()
    yield service
    assert service.stop() == 0, service.log()


@pytest.fixture
def open_page(browser):
    """Opens pages, each of which must make no error and ask nobody else for anything."""
    readers = []

    def make(service, path="/", **options):
        reader = Reader(browser, service, path, **options)
        readers.append(reader)
        return reader

    yield make
    for reader in readers:
        reader.close()
