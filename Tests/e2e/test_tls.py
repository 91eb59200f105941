"""TLS as clients see it: curl, Python's ssl and openssl s_client."""

import contextlib
import hashlib
import io
import signal
import socket
import ssl
import subprocess
import zipfile

import pytest
from service import BINARY, FIXTURES, Service


def openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)


class Authority:
    """A certificate authority in a folder, and the certificates it signs."""

    def __init__(self, folder, name):
        folder.mkdir()
        self.folder, self.file, self.key = folder, folder / f"{name}.pem", folder / f"{name}.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-days", "2", "-subj", f"/CN={name}",
                "-keyout", self.key, "-out", self.file)  # fmt: skip

    def sign(self, name, kind="ec"):
        """A certificate for 127.0.0.1 and its key, as PEM files."""
        key, request, certificate = (self.folder / f"{name}.{end}" for end in ("key", "csr", "pem"))
        algorithm = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"] if kind == "ec" else ["rsa:2048"]
        openssl("req", "-newkey", *algorithm, "-nodes", "-subj", f"/CN={name}", "-addext",
                "subjectAltName=IP:127.0.0.1",
                "-keyout", key, "-out", request)  # fmt: skip
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self.key, "-days", "2",
                "-copy_extensions", "copy",
                "-out", certificate)  # fmt: skip
        return certificate, key


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("tls") / "ca", "authority")


def start(folder, authority, certificate, key, *extra):
    service = Service(
        folder / "data", None, ["--tls-certificate", certificate, "--tls-key", key, *extra]
    )
    service.scheme, service.curl_options = "https", ["--cacert", authority.file]
    return service


@pytest.fixture(params=["ec", "rsa"], scope="module")
def service(request, tmp_path_factory, authority):
    running = start(
        tmp_path_factory.mktemp("service"), authority, *authority.sign(request.param, request.param)
    ).start()
    yield running
    assert running.stop() == 0, running.log()


def connect(service, authority):
    context = ssl.create_default_context(cafile=authority.file)
    raw = socket.create_connection(("127.0.0.1", service.port), timeout=20)
    try:
        return context.wrap_socket(raw, server_hostname="127.0.0.1")
    except BaseException:
        raw.close()
        raise


def exchange(connection, request=b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"):
    connection.sendall(request)
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += connection.recv(4096)
    return answer


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_a_whole_job_goes_through_both_versions(service, version):
    photo = FIXTURES / "parrots.jpg"
    answer = service.get(
        "/v1/jobs", "--tlsv1.2", "--tls-max", version, "--form", "class=bird",
        "--form", f"file=@{photo}",
    )  # fmt: skip
    assert answer.status == 202, answer
    path = f"/v1/jobs/{answer.json['id']}"
    assert service.finished(path)["counts"]["done"] == 1
    archive = zipfile.ZipFile(io.BytesIO(service.get(f"{path}/archive.zip").body))
    assert (
        hashlib.sha256(archive.read("bird/parrots.png")).hexdigest()
        in archive.read("SHA256SUMS").decode()
    )


def test_a_large_body_goes_in_and_out(service, tmp_path):
    body = tmp_path / "body"
    body.write_bytes(bytes(range(256)) * (30 << 12))
    # Thirty mebibytes that are no picture: read completely, then refused for their content.
    answer = service.get(
        "/v1/jobs?class=a", "--header", "Content-Type: image/jpeg", "--data-binary", f"@{body}"
    )
    assert answer.status in (202, 415, 422), answer


def test_old_versions_and_weak_ciphers_are_refused(service, authority):
    old = [
        "openssl", "s_client", "-connect", f"127.0.0.1:{service.port}", "-tls1_1", "-cipher",
        "ALL:@SECLEVEL=0",
    ]  # fmt: skip
    result = subprocess.run(old, input=b"", capture_output=True, check=False, timeout=30)
    assert result.returncode != 0 and b"alert" in result.stderr and b"version" in result.stderr, (
        result
    )
    context = ssl.create_default_context(cafile=authority.file)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(
        "AES256-SHA:AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA:"
        "DHE-RSA-AES128-GCM-SHA256"
    )
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as raw, pytest.raises(
        ssl.SSLError, match="(?i)handshake"
    ):
        context.wrap_socket(raw, server_hostname="127.0.0.1")


def test_http_1_1_is_agreed_on_and_nothing_else(service, authority):
    for offered, chosen in ((["h2", "http/1.1"], "http/1.1"), ([], None)):
        context = ssl.create_default_context(cafile=authority.file)
        if offered:
            context.set_alpn_protocols(offered)
        raw = socket.create_connection(("127.0.0.1", service.port), timeout=20)
        with context.wrap_socket(raw, server_hostname="127.0.0.1") as connection:
            assert connection.selected_alpn_protocol() == chosen
            assert exchange(connection).startswith(b"HTTP/1.1 200 ")
    context = ssl.create_default_context(cafile=authority.file)
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as raw, pytest.raises(
        ssl.SSLError, match="(?i)alpn|no application"
    ):
        context.wrap_socket(raw, server_hostname="127.0.0.1")


def test_a_session_is_resumed_and_renegotiation_refused(service, authority):
    command = [
        "openssl",
        "s_client",
        "-connect",
        f"127.0.0.1:{service.port}",
        "-CAfile",
        authority.file,
        "-tls1_2",
    ]
    again = subprocess.run(
        [*command, "-reconnect"], input=b"", capture_output=True, check=False
    ).stdout.decode()
    assert again.count("Reused,") >= 4, again
    refused = subprocess.run(command, input=b"R\n", capture_output=True, check=False, timeout=30)
    assert (
        b"no renegotiation" in refused.stderr or b"RENEGOTIATING" in refused.stdout + refused.stderr
    )


def test_pipelined_requests_and_a_half_closed_client_get_their_answers(service, authority):
    with connect(service, authority) as connection:
        connection.sendall(2 * b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        connection.settimeout(20)
        answers = b""
        while answers.count(b"HTTP/1.1 200 ") < 2:
            answers += connection.recv(4096)
    with connect(service, authority) as connection:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        # Only the TCP direction, without close_notify: Python's own shutdown would end TLS.
        socket.socket.shutdown(connection, socket.SHUT_WR)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")


def test_what_is_not_tls_is_closed_and_harms_nobody(service, authority):
    for greeting in (
        b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\xff\xff" + bytes(300),
        b"\0" * 2000,
        b"",
    ):
        with socket.create_connection(("127.0.0.1", service.port), timeout=20) as raw:
            raw.sendall(greeting)
            # With unread bytes, the connection ends in a reset.
            with contextlib.suppress(OSError):
                raw.shutdown(socket.SHUT_WR)
                while raw.recv(4096):
                    pass
    # Cut off within a handshake, and within a record.
    for count in (1, 60):
        with socket.create_connection(("127.0.0.1", service.port), timeout=20) as raw:
            hello = ssl.MemoryBIO(), ssl.MemoryBIO()
            half = ssl.create_default_context().wrap_bio(*hello, server_hostname="127.0.0.1")
            with pytest.raises(ssl.SSLWantReadError):
                half.do_handshake()
            raw.sendall(hello[1].read()[:count])
    with connect(service, authority) as connection:
        assert exchange(connection).startswith(b"HTTP/1.1 200 ")
    assert service.curl("/readyz").status == 200


def test_a_signal_reads_the_files_anew_and_drops_nobody(tmp_path, authority):
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"

    def install(name):
        for source, target in zip(authority.sign(name), (certificate, key), strict=True):
            target.write_bytes(source.read_bytes())

    def subject():
        with connect(service, authority) as connection:
            return dict(part[0] for part in connection.getpeercert()["subject"])["commonName"]

    install("first")
    service = start(tmp_path, authority, certificate, key).start()
    try:
        assert subject() == "first"
        with connect(service, authority) as kept:
            exchange(kept)
            install("second")
            service.process.send_signal(signal.SIGHUP)
            service.wait_for(lambda: subject() == "second", "the second certificate")
            certificate.write_text("no certificate")
            service.process.send_signal(signal.SIGHUP)
            service.wait_for(lambda: "could not be reloaded" in service.log(), "the refusal")
            assert subject() == "second"
            # Neither used this connection.
            assert exchange(kept).startswith(b"HTTP/1.1 200 ")
        assert service.stop() == 0
    finally:
        service.stop()


def test_only_clients_with_a_certificate_if_so_wanted(tmp_path, authority):
    clients = Authority(tmp_path / "clients", "clients")
    client, stranger = clients.sign("client"), authority.sign("stranger")
    service = start(tmp_path, authority, *authority.sign("server"), "--tls-client-ca", clients.file)
    service.curl_options += ["--cert", client[0], "--key", client[1]]
    service.start()
    try:
        assert service.curl("/healthz").status == 200
        url = f"https://127.0.0.1:{service.port}/healthz"
        for options in ([], ["--cert", stranger[0], "--key", stranger[1]]):
            result = subprocess.run(
                ["curl", "--silent", "--cacert", authority.file, *options, url],
                capture_output=True,
                check=False,
            )
            assert result.returncode in (35, 55, 56), result
    finally:
        assert service.stop() == 0


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        (("absent.pem", "key"), "certificate file"),
        (("certificate", "absent.pem"), "key file"),
        (("certificate", "other"), "mismatch"),
        (("certificate", None), "need each other"),
    ],
)
def test_files_that_do_not_fit_end_the_start_with_a_sentence(tmp_path, authority, files, complaint):
    certificate, key = authority.sign("own")
    named = {
        "certificate": certificate,
        "key": key,
        "other": authority.sign("another")[1],
        "absent.pem": tmp_path / "absent.pem",
    }
    options = (
        ["--tls-certificate", named[files[0]]]
        + (["--tls-key", named[files[1]]] if files[1] else [])
    )
    command = [BINARY, "serve", "--bind", "127.0.0.1:0", "--data", tmp_path / "data", *options]
    result = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, timeout=60, check=False
    )
    assert result.returncode in (1, 2) and complaint in result.stderr, result


def test_a_file_that_is_not_there_is_named_with_the_reason(tmp_path):
    command = [BINARY, "serve", "--bind", "127.0.0.1:0", "--data", tmp_path / "data"]
    command += ["--tls-certificate", tmp_path / "none.pem", "--tls-key", tmp_path / "none.pem"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (
        result.returncode == 1
        and "none.pem' cannot be used: No such file or directory." in result.stderr
    ), result
