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


def serve_on(listening, data):
    """Starts a service as systemd does, with its socket as the third descriptor."""

    def as_third():
        os.dup2(listening.fileno(), 3)

    # The child's environment is made before the fork, so a shell fills in its process id.
    command = 'export LISTEN_PID=$$; exec "$@"'
    return subprocess.Popen(
        ["sh", "-c", command, "sh", BINARY, "serve", "--bind", "systemd", "--data", data],
        preexec_fn=as_third, pass_fds=[3], env={**os.environ, "LISTEN_FDS": "1"},
        stderr=subprocess.PIPE,
    )  # fmt: skip


def test_a_socket_of_systemd_is_taken_over_by_one_service_after_the_other(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        for _ in range(2):
            # Connections made before the start wait in the socket, also after a service has ended.
            with subprocess.Popen(
                ["curl", "--silent", "--max-time", str(PATIENCE),
                 f"http://127.0.0.1:{port}/healthz"], stdout=subprocess.PIPE,
            ) as asking:  # fmt: skip
                process = serve_on(listening, tmp_path / "data")
                try:
                    assert json.loads(asking.communicate()[0]) and asking.returncode == 0
                    process.send_signal(signal.SIGTERM)
                    assert process.wait(PATIENCE) == 0
                finally:
                    process.kill()
                    process.communicate()


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


@pytest.mark.parametrize(
    ("endpoint", "warns"), [("0.0.0.0:0", True), ("[::]:0", True), ("127.0.0.1:0", False)]
)
@pytest.mark.parametrize("has_tls", [False, True], ids=["plain", "tls"])
def test_a_start_warns_where_others_can_read_what_is_sent(tmp_path, endpoint, warns, has_tls):
    options = []
    if has_tls:
        certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-subj", "/CN=a",
             "-keyout", key, "-out", certificate],
            check=True, capture_output=True,
        )  # fmt: skip
        options = ["--tls-certificate", certificate, "--tls-key", key]
    process = subprocess.Popen(
        [BINARY, "serve", "--bind", endpoint, "--data", tmp_path / "data", *options],
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        lines = []
        for text in process.stderr:
            # Swift's runtime may say something of its own.
            lines += [json.loads(text)] if text.startswith("{") else []
            if lines and lines[-1]["message"] == "listening":
                break
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    assert lines[-1]["message"] == "listening" and isinstance(lines[-1]["port"], int), lines
    warnings = [line for line in lines if "without TLS" in line["message"]]
    assert len(warnings) == (warns and not has_tls), lines
    assert all(line["level"] == "warning" for line in warnings)
