"""Signals without a meaning for the service do not end it."""

import os
import signal
import socket

import pytest
from service import FIXTURES, PATIENCE
from test_requests import upload

HARMLESS = ["HUP", "USR1", "USR2", "PIPE", "ALRM", "VTALRM", "PROF", "IO", "PWR", "STKFLT", "XFSZ"]


def test_no_signal_but_those_that_ask_for_an_end_ends_it(make_service):
    service = make_service()
    for name in HARMLESS:
        service.process.send_signal(getattr(signal, f"SIG{name}"))
        assert service.curl("/healthz").status == 200, name
    service.process.send_signal(signal.SIGHUP)
    service.wait_for(lambda: "SIGHUP changes nothing" in service.log(), "a word about SIGHUP")
    answer = upload(service, "--data-binary", f"@{FIXTURES / 'parrots.jpg'}")
    assert service.finished(answer.json["links"]["self"])["state"] == "done"
    assert service.stop() == 0


def test_a_codec_that_a_signal_ends_is_followed_by_another(make_service):
    service = make_service()
    for pid in service.codecs():
        os.kill(pid, signal.SIGUSR1)
    answer = upload(service, "--data-binary", f"@{FIXTURES / 'parrots.jpg'}")
    assert service.finished(answer.json["links"]["self"])["state"] == "done"


@pytest.mark.parametrize("name", ["TERM", "INT"])
def test_all_servers_stop_at_the_same_time(make_service, name):
    """The metrics port is free while an upload is still within its grace period."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    service = make_service("--metrics-bind", f"127.0.0.1:{port}", "--drain-seconds", str(PATIENCE))
    photo = (FIXTURES / "parrots.jpg").read_bytes()
    head = (
        "POST /v1/jobs?class=a HTTP/1.1\r\n"
        f"Host: a\r\nAuthorization: Bearer {service.key}\r\n"
        "Content-Type: image/jpeg\r\n"
    )
    connection = socket.create_connection(("127.0.0.1", service.port), timeout=PATIENCE)
    connection.sendall(
        f"{head}Content-Length: {len(photo)}\r\nExpect: 100-continue\r\n\r\n".encode()
    )
    # The server asked for the body, so the upload is under way.
    assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
    connection.sendall(photo[:1000])

    def is_taken():
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    assert is_taken()
    service.process.send_signal(getattr(signal, f"SIG{name}"))
    service.wait_for(lambda: not is_taken(), "the metrics' port to be free")
    assert service.process.poll() is None
    connection.sendall(photo[1000:])
    answer = b""
    while piece := connection.recv(65536):
        answer += piece
    assert answer.startswith(b"HTTP/1.1 202 "), answer
    assert service.process.wait(PATIENCE) == 0
