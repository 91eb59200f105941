"""The short crash test; `python Tests/crash --kills 1000` is the long one."""

import datetime
import sqlite3
import time

import campaign
import pytest
from service import FIXTURES, Service


def test_kills(tmp_path):
    print(campaign.kills(tmp_path, 50, seed=1))


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EROFS"])
def test_a_disk_that_fails(tmp_path, error):
    print(campaign.failing_disk(tmp_path, error, seed=2))


def test_a_clock_that_is_set(tmp_path):
    hour = 3600
    print(campaign.clock_set(tmp_path, [-hour, -2 * hour, 5, -24 * hour], seed=3))


def test_a_data_folder_that_cannot_be_written_is_refused_at_the_start(tmp_path):
    faults = campaign.Faults(tmp_path, tmp_path / "data")
    service = Service(tmp_path / "data", None, environment=faults.environment)
    service.start()
    assert service.stop() == 0
    with faults.disk("EROFS"):
        with pytest.raises(AssertionError, match="the server ended with"):
            service.start()
    assert "data folder" in service.log().splitlines()[-1]
    service.start()
    assert service.stop() == 0


def job(service):
    """A finished job of one photo."""
    photo = FIXTURES / "plane.jpg"
    path = service.get("/v1/jobs?class=planes", "--data-binary", f"@{photo}").fields["location"]
    return path, service.finished(path)


@pytest.fixture
def faulty(tmp_path):
    """A service with faults that can be switched on."""
    faults = campaign.Faults(tmp_path, tmp_path / "data")
    service = Service(tmp_path / "data", None, ["--retention-seconds", "3600"], faults.environment)
    yield service.start(), faults
    if service.process.poll() is None:
        service.kill()


def test_the_reserve_lets_jobs_be_erased_on_a_full_disk(faulty):
    service, faults = faulty
    first, second = job(service)[0], job(service)[0]
    reserve = service.data / "reserve"
    size = reserve.stat().st_size
    assert size >= 1 << 20 and reserve.stat().st_blocks * 512 >= size
    with faults.disk("ENOSPC", reserve_is_room=size):
        answer = service.wait_for(
            lambda: (a := service.curl("/readyz")).status == 503 and a, "/readyz to answer 503"
        )
        assert answer.json["code"] == "disk_failed", answer
        refused = service.get(
            "/v1/jobs?class=planes", "--data-binary", f"@{FIXTURES / 'parrots.jpg'}"
        )
        assert refused.status == 507, refused
        assert reserve.stat().st_size == size
        assert service.get(f"{first}/cancel", "--request", "POST").status == 200
        assert service.get(first, "--request", "DELETE").status == 204
        assert service.get(first).status == 404 and service.get(second).status == 200
        assert reserve.stat().st_size < size
    assert service.get(second, "--request", "DELETE").status == 204
    # Recreated as soon as there is room.
    assert reserve.stat().st_size == size
    service.wait_for(lambda: service.curl("/readyz").status == 200, "/readyz to answer 200")
    assert [path for path in (service.data / "blobs").rglob("*") if path.is_file()] == []
    assert service.stop() == 0


@pytest.mark.parametrize("error", ["EIO", "EROFS"])
def test_readiness_tells_of_a_disk_that_cannot_be_written(faulty, error):
    service, faults = faulty
    with faults.disk(error):
        answer = service.wait_for(
            lambda: (a := service.curl("/readyz")).status == 503 and a, "/readyz to answer 503"
        )
        assert answer.json["code"] == "disk_failed" and "retry-after" in answer.fields, answer
        assert service.curl("/healthz").status == 200
    service.wait_for(lambda: service.curl("/readyz").status == 200, "/readyz to answer 200")
    assert service.stop() == 0


YEAR = 365 * 24 * 3600


def expiry(document):
    return datetime.datetime.fromisoformat(
        document["expires_at"].replace("Z", "+00:00")
    ).timestamp()


def durations(service):
    """How long images and jobs took and waited, by the times in the database."""
    database = sqlite3.connect(service.data / "palimpsest.sqlite")
    try:
        rows = database.execute(
            "SELECT finished_at - started_at, started_at - created_at FROM jobs UNION ALL SELECT "
            "images.finished_at - images.started_at, images.started_at - created_at FROM images "
            "JOIN jobs ON job = seq"
        ).fetchall()
    finally:
        database.close()
    return [duration for row in rows for duration in row]


def test_a_jump_of_the_clock_that_is_taken_back_changes_nothing(faulty):
    service, faults = faulty
    path, before = job(service)
    faults.set_clock(YEAR)
    # Longer than the service's interval between checks for expired jobs.
    time.sleep(32)
    assert service.get(path).status == 200
    faults.set_clock(0)
    assert service.get(path).json == before
    # A start checks immediately.
    for offset in (YEAR, -YEAR):
        faults.set_clock(offset)
        service.kill()
        service.start()
        assert service.get(f"{path}/images/1.png").status == 200
    faults.set_clock(0)
    assert service.get(path).json["expires_at"] == before["expires_at"]
    assert service.stop() == 0


@pytest.mark.parametrize("offset", [10 * YEAR, -10 * YEAR])
def test_a_job_that_ends_by_a_wrong_clock_is_kept_as_long_as_any(faulty, offset):
    service, faults = faulty
    faults.set_clock(offset)
    path, _ = job(service)
    faults.set_clock(0)
    left = expiry(service.get(path).json) - time.time()
    assert 0 < left <= 3600, left
    # Changed while work is under way.
    other = service.get(
        "/v1/jobs?class=planes", *["--form", f"file=@{FIXTURES / 'parrots.jpg'}"] * 6
    ).fields["location"]
    for step in (3600, -3600, offset, 0):
        faults.set_clock(step)
        service.get(other)
    service.finished(other)
    assert service.stop() == 0
    measured = durations(service)
    assert measured and all(0 <= duration < 120_000 for duration in measured), measured
