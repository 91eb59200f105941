"""Where the service listens besides TCP, and which client address it assumes."""

import json
import os
import signal
import socket
import subprocess

import pytest
from service import BINARY, PATIENCE, LocalService


def test_a_unix_socket_serves_and_a_killed_server_is_followed_by_another(tmp_path):
    path = tmp_path / "s"
    service = LocalService(tmp_path / "data", path).start()
    try:
        assert service.get("/v1/jobs").json["jobs"] == []
        service.kill()
        assert path.exists()
        service.start()
        assert service.curl("/healthz").status == 200
        assert service.stop() == 0 and not path.exists()
    finally:
        service.stop()


def test_a_socket_of_systemd_is_taken_over(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]

        def as_third():
            os.dup2(listening.fileno(), 3)

        # The child's environment is made before the fork, so a shell fills in its process id.
        command = 'export LISTEN_PID=$$; exec "$@"'
        process = subprocess.Popen(
            ["sh", "-c", command, "sh", BINARY, "serve", "--bind", "systemd", "--data",
            tmp_path / "data"],
            preexec_fn=as_third, pass_fds=[3], env={**os.environ, "LISTEN_FDS": "1"},
            stderr=subprocess.PIPE,
        )  # fmt: skip
    try:
        # Connections made before the start wait in the socket.
        command = [
            "curl", "--silent", "--retry", "5", "--retry-connrefused", "--max-time", str(PATIENCE)
        ]
        answer = subprocess.run(
            [*command, f"http://127.0.0.1:{port}/healthz"], capture_output=True, check=True
        )
        assert json.loads(answer.stdout)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


def test_without_systemd_the_start_says_what_is_missing(tmp_path):
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("LISTEN_")
    }
    command = [BINARY, "serve", "--bind", "systemd", "--data", tmp_path / "data"]
    result = subprocess.run(
        command, capture_output=True, text=True, env=environment, timeout=PATIENCE, check=False
    )
    assert (
        result.returncode == 1 and "cannot listen on systemd: socket activation" in result.stderr
    ), result


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [("127.0.0.1", "203.0.113.7"), ("10.0.0.0/8", "127.0.0.1"), (None, "127.0.0.1")],
)
def test_only_a_trusted_proxy_is_believed(make_service, proxies, seen):
    service = make_service(*(["--trusted-proxies", proxies] if proxies else []))
    service.curl("/healthz", "--header", "X-Forwarded-For: 1.1.1.1, 203.0.113.7")
    lines = [json.loads(line) for line in service.log().splitlines() if '"/healthz"' in line]
    assert [line["peer"] for line in lines] == [seen], lines
