"""The short form of the crash test; `python Tests/crash --kills 1000` is the long one."""

import campaign
import pytest
from service import Service


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
