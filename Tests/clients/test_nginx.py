"""nginx in front, with the configuration from Deploy."""

import io
import json
import socket
import subprocess
import time
import zipfile

import pytest
from service import FIXTURES, PATIENCE, ROOT, LocalService

SITE = ROOT / "Deploy/nginx-site.conf.example"
# What a distribution's configuration puts around a site, all in a folder of the test.
AROUND = """
daemon off;
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""


class Proxied(LocalService):
    """A service reached through nginx."""

    def __init__(self, folder):
        super().__init__(folder / "data", folder / "http.sock", "--trusted-proxies", "unix")
        self.folder, self.nginx = folder, None

    def start(self):
        super().start()
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        site = SITE.read_text()
        assert "unix:/run/palimpsest/http.sock;" in site and "listen 80;" in site
        site = site.replace("unix:/run/palimpsest/http.sock;", f"unix:{self.path};").replace(
            "listen 80;", f"listen 127.0.0.1:{self.port};"
        )
        (self.folder / "site.conf").write_text(site)
        configuration = self.folder / "nginx.conf"
        configuration.write_text(AROUND.format(folder=self.folder))
        # If the master runs as root, its workers do not.
        self.folder.chmod(0o777)
        self.path.chmod(0o777)
        self.nginx = subprocess.Popen(
            ["/usr/sbin/nginx", "-c", configuration, "-e", self.folder / "error.log"]
        )
        self.curl_options = []
        self.wait_for(lambda: self.curl("/healthz").status == 200, "nginx")
        return self

    def stop(self):
        self.nginx.terminate()
        self.nginx.wait(PATIENCE)
        return super().stop()

    def faults(self):
        return (self.folder / "error.log").read_text()


@pytest.fixture(scope="module")
def proxied(tmp_path_factory):
    # A short path that nginx's workers may enter.
    folder = tmp_path_factory.mktemp("n")
    for parent in [folder, *folder.parents][:3]:
        parent.chmod(0o755)
    service = Proxied(folder).start()
    yield service
    assert service.stop() == 0, service.log()


def test_a_job_goes_through(proxied):
    files = [
        "--form", "class=a", "--form", f"file=@{FIXTURES / 'parrots.jpg'}",
        "--form", f"file=@{FIXTURES / 'hats.png'}",
    ]  # fmt: skip
    answer = proxied.get("/v1/jobs", *files)
    assert answer.status == 202, answer
    path = f"/v1/jobs/{answer.json['id']}"
    assert proxied.finished(path)["counts"]["done"] == 2
    archive = proxied.get(f"{path}/archive.zip")
    with zipfile.ZipFile(io.BytesIO(archive.body)) as opened:
        assert opened.testzip() is None
    part = proxied.get(f"{path}/archive.zip", "--range", "100-199")
    assert part.status == 206 and part.body == archive.body[100:200]
    assert (
        proxied.get(
            f"{path}/archive.zip", "--header", f"If-None-Match: {archive.fields['etag']}"
        ).status
        == 304
    )
    assert proxied.get(path, "--request", "DELETE").status == 204
    # curl waits before it sends a large body; nginx asks upstream the same way for chunked bodies.
    chunked = proxied.get("/v1/jobs?class=a", "--header", "Transfer-Encoding: chunked", "--header",
                          "Content-Type: image/jpeg",
                          "--data-binary", f"@{FIXTURES / 'parrots.jpg'}")  # fmt: skip
    assert (
        chunked.status == 202
        and proxied.finished(f"/v1/jobs/{chunked.json['id']}")["state"] == "done"
    )
    assert proxied.faults() == ""


def test_the_log_names_the_client_and_not_the_proxy(proxied):
    proxied.curl("/healthz", "--interface", "127.0.0.5")
    lines = [json.loads(line) for line in proxied.log().splitlines() if '"/healthz"' in line]
    assert lines[-1]["peer"] == "127.0.0.5", lines[-1]


def test_a_refusal_arrives_before_the_upload_ends(proxied, tmp_path):
    large = tmp_path / "large"
    with large.open("wb") as file:
        file.truncate(300 << 20)
    start = time.monotonic()
    answer = proxied.curl("/v1/jobs?class=a", "--data-binary", f"@{large}", "--limit-rate", "1M")
    assert answer.status == 401 and answer.json["code"] == "key_missing"
    assert time.monotonic() - start < 60


def test_connections_upstream_are_kept(proxied):
    def accepted():
        """The number of connections the service's socket has ever had, by their inodes."""
        rows = subprocess.run(
            ["ss", "-x", "-a"], capture_output=True, text=True, check=True
        ).stdout.splitlines()
        return sum(str(proxied.path) in row and "ESTAB" in row for row in rows)

    result = (
        subprocess.run(
            ["ab", "-q", "-k", "-n", "2000", "-c", "8", proxied.url("/healthz")],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    assert "Failed requests:        0" in result and "Non-2xx" not in result, result
    assert 0 < accepted() <= 32
    assert "upstream" not in proxied.faults()


def test_a_client_that_goes_away_leaves_nothing(proxied):
    command = ["curl", "--silent", "--max-time", "1", "--limit-rate", "100K", "--header",
               f"Authorization: Bearer {proxied.key}",
               "--header", "Content-Type: image/jpeg", "--data-binary", "@-",
               proxied.url("/v1/jobs?class=a")]  # fmt: skip
    assert (
        subprocess.run(command, input=bytes(2 << 20), capture_output=True, check=False).returncode
        == 28
    )
    proxied.wait_for(
        lambda: not any(p.is_file() for p in (proxied.data / "tmp").rglob("*")),
        "the upload's file to be gone",
    )
