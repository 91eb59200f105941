"""Slow but steady clients are served, whatever the kernels buffer; stalled ones are cut off."""

import socket
import ssl
import subprocess
import time

import numpy as np
import pytest
from PIL import Image
from service import FIXTURES

# More than twice the service's timeout for a client that receives or sends nothing.
SECONDS = 75
# More than both kernels buffer, so that the service has to wait.
SIDE = 2400


@pytest.fixture
def service(make_watched, tmp_path):
    service = make_watched("--compression-level", 0)
    photo = tmp_path / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)).save(
        photo, compress_level=0
    )
    answer = service.get("/v1/jobs?class=a", "--form", f"file=@{photo}")
    assert answer.status == 202, answer
    service.image = f"{answer.json['links']['self']}/images/1.png"
    assert service.finished(answer.json["links"]["self"])["state"] == "done"
    yield service
    assert service.stop() == 0, service.log()


def context_of(service):
    return (
        ssl.create_default_context(cafile=service.curl_options[1])
        if service.scheme == "https"
        else None
    )


def slow_socket(service):
    """A connection with the smallest possible window, which has requested the image."""
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    raw.connect(("127.0.0.1", service.port))
    context = context_of(service)
    connection = raw if context is None else context.wrap_socket(raw, server_hostname="127.0.0.1")
    connection.settimeout(120)
    connection.sendall(
        f"GET {service.image} HTTP/1.1\r\nHost: a\r\n"
        f"Authorization: Bearer {service.key}\r\n\r\n".encode()
    )
    return connection


def test_slow_downloads_go_on(service, tmp_path):
    curls = [
        subprocess.Popen(
            ["curl", "--silent", "--limit-rate", rate, "--max-time", str(SECONDS), "--output",
            tmp_path / rate, *service.curl_options,
             "--header", f"Authorization: Bearer {service.key}", service.url(service.image)],
        )
        for rate in ("4k", "16k", "32k")
    ]  # fmt: skip
    trickle, received = slow_socket(service), 0
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        piece = trickle.recv(1024)
        assert piece, "cut off"
        received += len(piece)
        time.sleep(1)
    assert received < SECONDS * 1100
    # curl gave up by itself (28); it was not cut off (18, 56).
    assert [curl.wait() for curl in curls] == [28, 28, 28]
    trickle.close()


def test_who_takes_nothing_is_cut_off(service):
    stalled = slow_socket(service)
    assert stalled.recv(100)
    service.wait_for(
        lambda: '"http.complete":false' in service.log(), "a stalled reader to be cut off"
    )
    stalled.close()


def test_a_slow_upload_over_tls_counts_by_what_arrives(service):
    context = context_of(service)
    if context is None:
        pytest.skip("Without TLS every byte can be read at once.")
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    session = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    with socket.create_connection(("127.0.0.1", service.port), timeout=120) as connection:
        while True:
            try:
                session.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(outgoing.read())
                incoming.write(connection.recv(65536))
        photo = (FIXTURES / "parrots.jpg").read_bytes() * 2
        photo = photo[: 16 << 10]
        head = (
            "POST /v1/jobs?class=a HTTP/1.1\r\n"
            f"Host: a\r\nAuthorization: Bearer {service.key}\r\n"
            "Content-Type: image/jpeg\r\n"
        )
        session.write(f"{head}Content-Length: {len(photo)}\r\nConnection: close\r\n\r\n".encode())
        connection.sendall(outgoing.read())
        # One record, whose last byte comes after 13 seconds. The grace period is 10 seconds, the
        # minimum rate 1,024 bytes per second.
        assert session.write(photo) == len(photo)
        record = outgoing.read()
        for place in range(0, len(record), 1300):
            connection.sendall(record[place : place + 1300])
            time.sleep(1)
        answer = b""
        while piece := connection.recv(65536):
            incoming.write(piece)
            try:
                answer += session.read(65536)
            except ssl.SSLWantReadError:
                continue
            if b"\r\n\r\n" in answer:
                break
    # With or without trailing garbage, the picture arrived completely.
    assert answer.startswith(b"HTTP/1.1 202 "), answer
