"""The service for the contract tests, which need extra packages: `make test-contract`."""

import pathlib
import re
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/e2e"))

from service import BINARY, FIXTURES, Service  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def binary():
    assert BINARY.exists(), f"{BINARY} is missing: run `make build` first"


class Measured(Service):
    """A service that exposes its metrics."""

    def __init__(self, data, *extra):
        super().__init__(
            data, None, ["--metrics-bind", "127.0.0.1:0", "--log-level", "notice", *extra]
        )

    def listening_port(self, seen):
        ports = dict(re.findall(r'"for":"(\w+)","port":"?(\d+)', self.log()[seen:]))
        assert self.process.poll() is None, self.log()
        self.metrics_port = ports.get("metrics")
        return int(ports["api"]) if {"api", "metrics"} <= set(ports) else None

    def metrics(self):
        """The text of all metrics."""
        answer = self.curl(f"http://127.0.0.1:{self.metrics_port}/metrics")
        assert answer.status == 200
        assert answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return answer.body.decode()

    def upload(self, *form):
        answer = self.get("/v1/jobs", *form)
        assert answer.status == 202, answer
        return answer.json["links"]["self"]


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
