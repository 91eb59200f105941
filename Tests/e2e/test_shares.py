"""A client that takes all connections, or all of a key's share, does not block others.

Clients that left hold nothing.
"""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import ssl
import time

import pytest
from service import FIXTURES, Service
from test_requests import problem
from test_tls import Authority, start

CONNECTIONS, SHARE = 24, 6
# Kept in addition, for health checks and admins.
RESERVE = 16


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("shares") / "ca", "authority")


class Held:
    """A service with few connections, whose only job never ends, since its codecs are stopped."""

    def __init__(self, service, context):
        self.service, self.context = service, context
        service.start()
        for pid in service.codecs():
            os.kill(pid, signal.SIGSTOP)
        found = re.findall(
            r'"for":"metrics".*?"port":"?(\d+)|"port":"?(\d+)"?[^\n]*"for":"metrics"', service.log()
        )
        self.metrics_port = int(next(port for ports in found for port in ports if port))
        self.job = self.job_of(service.key)
        self.opened = []

    def job_of(self, key):
        """A job under another key."""
        answer = self.service.curl(
            "/v1/jobs?class=a", "--data-binary", f"@{FIXTURES / 'parrots.jpg'}", key=key
        )
        assert answer.status == 202, answer
        return answer.json["links"]["self"]

    def key(self, *scopes):
        """Makes a key."""
        body = json.dumps({"name": "tests", "scopes": scopes or ["read"]})
        answer = self.service.get(
            "/v1/keys", "--header", "Content-Type: application/json", "--data", body
        )
        assert answer.status == 201, answer
        return answer.json["secret"]

    def connection(self):
        raw = socket.create_connection(("127.0.0.1", self.service.port), timeout=60)
        connection = (
            raw
            if self.context is None
            else self.context.wrap_socket(raw, server_hostname="127.0.0.1")
        )
        self.opened.append(connection)
        return connection

    def ask(self, path, key=None):
        """Sends a request and leaves its answer unread."""
        connection = self.connection()
        field = "" if key is None else f"Authorization: Bearer {key}\r\n"
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n{field}\r\n".encode())
        return connection

    def descriptors(self):
        """The number of sockets the process has open."""
        count = 0
        for name in os.listdir(f"/proc/{self.service.process.pid}/fd"):
            with contextlib.suppress(FileNotFoundError):
                count += (
                    os.readlink(f"/proc/{self.service.process.pid}/fd/{name}").startswith("socket:")
                )
        return count

    def quiet_descriptors(self):
        """The same without curl's last connection, which may still be closing."""
        counts = []
        for _ in range(20):
            counts.append(self.descriptors())
            time.sleep(0.05)
        return min(counts)

    def close(self):
        for connection in self.opened:
            connection.close()
        self.opened = []

    def metrics(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=60)
        connection.request("GET", "/metrics")
        return connection.getresponse()


@pytest.fixture(params=["plain", "tls"])
def held(request, tmp_path, authority):
    options = [
        "--max-connections", CONNECTIONS, "--max-requests-per-key", SHARE, "--metrics-bind",
        "127.0.0.1:0",
        # Idle or slow connections must not time out before the test has seen that they make room.
        "--drain-seconds", "1",
    ]  # fmt: skip
    options = [str(option) for option in options]
    if request.param == "plain":
        service, context = Service(tmp_path / "data", None, options), None
    else:
        service = start(tmp_path, authority, *authority.sign("ec"), *options)
        context = ssl.create_default_context(cafile=authority.file)
    held = Held(service, context)
    yield held
    held.close()
    for pid in service.codecs():
        os.kill(pid, signal.SIGCONT)
    assert service.stop() == 0, service.log()


def status_of(connection):
    """The status of an answer, and its head."""
    head = b""
    while b"\r\n\r\n" not in head:
        piece = connection.recv(4096)
        assert piece, head
        head += piece
    return int(head.split()[1]), head.decode("latin-1").lower()


def streams(held, job, key, count):
    """Opens event streams; returns them with their statuses."""
    connections = [held.ask(f"{job}/events", key) for _ in range(count)]
    return connections, [status_of(connection)[0] for connection in connections]


def test_a_key_has_its_share_and_no_more(held):
    greedy, other = held.key("submit", "read"), held.key("read")
    job = held.job_of(greedy)
    wait = held.ask(f"{job}?wait=60", greedy)
    _, statuses = streams(held, job, greedy, SHARE - 1)
    assert statuses == [200] * (SHARE - 1)
    for path in (job, f"{job}?wait=60", f"{job}/events", "/v1/jobs", f"{job}/archive.zip"):
        answer = held.service.curl(path, key=greedy)
        assert problem(answer, 429, "key_busy")["detail"].startswith(
            f"This API key already has {SHARE} requests under way"
        )
        assert answer.fields["retry-after"] == "5"
    answer = held.service.curl(
        "/v1/jobs?class=a", "--data-binary", f"@{FIXTURES / 'parrots.jpg'}", key=greedy
    )
    problem(answer, 429, "key_busy")
    assert held.service.curl("/v1/jobs", key=other).status == 200
    assert held.service.curl("/healthz").status == 200
    wait.close()
    held.service.wait_for(
        lambda: held.service.curl("/v1/jobs", key=greedy).status == 200,
        "the place of a wait that has gone",
    )


def test_when_all_connections_are_taken_health_metrics_and_admins_are_answered(held):
    outsider = held.key("read")
    for _ in range(CONNECTIONS // SHARE):
        key = held.key("submit", "read")
        assert streams(held, held.job_of(key), key, SHARE)[1] == [200] * SHARE
    for _ in range(3):
        assert held.service.curl("/healthz").status == 200
        assert held.service.curl("/readyz").status == 200
        assert held.service.curl("/v1/jobs", key=held.service.key).status == 200
        assert held.metrics().status == 200
        answer = held.service.curl("/v1/jobs", key=outsider)
        problem(answer, 503, "connections_exhausted")
        assert (answer.fields["retry-after"], answer.fields["connection"]) == ("2", "close")
    # Silent connections do not use up the reserve.
    for _ in range(2 * RESERVE):
        held.opened.append(socket.create_connection(("127.0.0.1", held.service.port)))
    for _ in range(3):
        assert held.service.curl("/healthz").status == 200
    held.close()
    held.service.wait_for(
        lambda: held.service.curl("/v1/jobs", key=outsider).status == 200, "connections for all"
    )


@pytest.mark.parametrize("kind", ["idle", "half a head", "silent"])
def test_connections_without_requests_make_room(held, kind):
    for _ in range(2 * (CONNECTIONS + RESERVE)):
        if kind == "silent":
            held.opened.append(socket.create_connection(("127.0.0.1", held.service.port)))
        elif kind == "idle":
            assert status_of(held.ask("/healthz"))[0] == 200
        else:
            held.connection().sendall(b"GET /healthz HTTP/1.1\r\nHos")
    key = held.key("read")
    for path in ("/healthz", "/v1/jobs"):
        assert held.service.curl(path, key=key).status == 200
    assert held.descriptors() < CONNECTIONS + RESERVE + 12


def test_a_wait_ends_when_its_client_has_closed(held):
    before = held.quiet_descriptors()
    key = held.service.key
    waits = [held.ask(f"{held.job}?wait=60", key) for _ in range(SHARE - 2)]
    begun, statuses = streams(held, held.job, key, 2)
    assert statuses == [200, 200]
    held.service.wait_for(
        lambda: held.descriptors() >= before + SHARE, "all connections to be there"
    )
    held.close()
    # A wait of a minute would last a minute.
    deadline = time.monotonic() + 30
    while held.descriptors() > before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert held.descriptors() <= before
    assert waits and begun


def test_a_client_that_ends_its_own_direction_gets_its_answer_at_once(held):
    if held.context is not None:
        pytest.skip("TLS has no end of one direction that Python's ssl could send and read on.")
    connection = held.ask(f"{held.job}?wait=60", held.service.key)
    connection.shutdown(socket.SHUT_WR)
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert json.loads(body)["state"] in ("queued", "running")


def test_nothing_but_digits_is_a_share(tmp_path):
    service = Service(tmp_path / "data", None, ["--max-requests-per-key", "+5"])
    with pytest.raises(AssertionError, match="--max-requests-per-key must be a whole number"):
        service.start()
