"""wrk and ab get an answer to every request, over kept-alive and one-shot connections."""

import re
import subprocess

import pytest


@pytest.fixture(scope="module")
def address(service):
    """A job's document, which needs the key and the database."""
    answer = service.get(
        "/v1/jobs?class=a", "--header", "Content-Type: image/png", "--data-binary", "no picture"
    )
    path = f"/v1/jobs/{answer.json['id']}"
    service.finished(path)
    return service.url(path), f"Authorization: Bearer {service.key}"


def test_wrk(address):
    url, key = address
    result = (
        subprocess.run(
            ["wrk", "-t2", "-c64", "-d5s", "-H", key, url],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    print(result)
    assert int(re.search(r"(\d+) requests in", result)[1]) > 100
    assert "Non-2xx" not in result and "Socket errors" not in result


@pytest.mark.parametrize("options", [["-k"], []], ids=["asked to be kept", "one each"])
def test_ab(address, options):
    url, key = address
    result = (
        subprocess.run(
            ["ab", "-q", "-n", "5000", "-c", "50", "-H", key, *options, url],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    print(result)
    assert re.search(r"Complete requests:\s+5000\b", result) and re.search(
        r"Failed requests:\s+0\b", result
    )
    assert "Non-2xx" not in result
    # ab speaks HTTP/1.0, whose connections are closed even if keep-alive is requested.
    assert not options or re.search(r"Keep-Alive requests:\s+0\b", result)


def test_a_storm_of_connections(address, service):
    """Two hundred thousand connections, as fast as possible.

    If libdispatch watched each of them, it would occasionally end the process.
    """
    url, key = address
    for _ in range(10):
        result = (
            subprocess.run(
                ["ab", "-q", "-n", "20000", "-c", "64", "-H", key, url],
                capture_output=True,
                text=True,
                check=True,
            ).stdout
        )
        assert re.search(r"Complete requests:\s+20000\b", result) and re.search(
            r"Failed requests:\s+0\b", result
        )
        assert "Non-2xx" not in result
    assert service.get("/healthz").status == 200
