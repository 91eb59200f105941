"""The HTTP server against nginx: small documents, a large upload and a large download.

Documents are fetched over kept-alive connections and over one connection per request.
"""

import os
import re
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path

from .pictures import FIXTURES, MEGAPIXELS, ROOT, photo

CONNECTIONS, SECONDS, REQUESTS = 64, 5, 20_000
UPLOAD, PARTS = 1 << 30, 8
# So many photos of 12 megapixels make an archive of about 1 GiB.
ARCHIVED = 64
NGINX = """
daemon off;
worker_processes auto;
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    keepalive_requests 1000;
    types {{ application/json json; }}
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder}/www;
        client_max_body_size 0;
        location /put/ {{ dav_methods PUT; }}
    }}
}}
"""


class Nginx:
    """nginx in a folder of its own: serves `www` and takes uploads into `www/put`."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "www/put").mkdir(parents=True)
        # If the master runs as root, its workers do not.
        folder.parent.chmod(0o755)
        for path in (folder, folder / "www", folder / "www/put"):
            path.chmod(0o777)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        (folder / "nginx.conf").write_text(NGINX.format(folder=folder, port=self.port))
        self.process = subprocess.Popen(
            ["/usr/sbin/nginx", "-c", folder / "nginx.conf", "-e", folder / "error.log"]
        )
        while socket.socket().connect_ex(("127.0.0.1", self.port)):
            time.sleep(0.05)

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def stop(self):
        self.process.terminate()
        self.process.wait()


def body(path, size):
    """A file with a valid one-pixel PNG header and no image: only the way to disk is timed."""
    head = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\b\2\0\0\0\x90wS\xde"
    with path.open("wb") as file:
        file.write(head)
        for _ in range(size >> 20):
            file.write(os.urandom(1 << 20))
    return path


def kept(url, *fields):
    """Requests per second over kept-alive connections, by wrk."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", *fields, url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text:
        raise RuntimeError(text)
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])


def one_each(url, *fields):
    """Requests per second with one connection per request, by ab."""
    command = ["ab", "-q", "-n", str(REQUESTS), "-c", str(CONNECTIONS), *fields, url]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or not re.search(r"Failed requests:\s+0\b", text):
        raise RuntimeError(text)
    return float(re.search(r"Requests per second:\s+([\d.]+)", text)[1])


def seconds(*words):
    """How long curl takes for a request."""
    command = ["curl", "--silent", "--show-error", "--fail", "--write-out", "%{time_total}"]
    output = [] if "--output" in words else ["--output", "/dev/null"]
    answer = subprocess.run([*command, *output, *words], check=True, capture_output=True, text=True)
    return float(answer.stdout)


def put(url, file, path):
    """Megabytes per second of an upload to nginx, which has arrived once it is synced."""
    sent = seconds("--upload-file", str(file), url)
    start = time.perf_counter()
    with path.open("rb") as written:
        os.fsync(written.fileno())
    return file.stat().st_size / 1e6 / (sent + time.perf_counter() - start)


def archived(folder, running, field):
    """The path of an archive of many protected photos."""
    picture = photo(folder / "photo.jpg", *MEGAPIXELS["12 MP"])
    form = [
        word
        for i in range(ARCHIVED)
        for word in ("--form", f"file=@{picture};filename={i}.jpg")
    ]  # fmt: skip
    job = running.curl("/v1/jobs?class=a", "--header", field, *form).json["id"]
    running.finished(f"/v1/jobs/{job}")
    return f"/v1/jobs/{job}/archive.zip"


def measure(folder, tools, rounds=3):
    """Alternates the two servers; returns the rates of each round."""
    sys.path.insert(0, str(ROOT / "Tests/e2e"))
    from service import Service

    options = [
        "--log-level", "notice", "--max-body-bytes", 4 << 30, "--max-image-bytes", 256 << 20,
        "--workers", 1,
    ]  # fmt: skip
    running = Service(folder / "server-data", tools.weights, list(map(str, options))).start()
    nginx = Nginx(folder / "nginx")
    try:
        field = f"Authorization: Bearer {running.key}"
        photo = f"@{FIXTURES / 'parrots.jpg'}"
        job = running.get(
            "/v1/jobs?class=a", "--header", "Content-Type: image/jpeg", "--data-binary", photo
        ).json["id"]
        running.finished(f"/v1/jobs/{job}")
        document = running.get(f"/v1/jobs/{job}").body
        (nginx.folder / "www/job.json").write_bytes(document)
        (nginx.folder / "www/health.json").write_bytes(running.curl("/healthz").body)
        parts = [body(folder / f"part-{i}", UPLOAD // PARTS) for i in range(PARTS)]
        large = body(folder / "large", UPLOAD)
        archive = archived(folder, running, field)
        seconds("--header", field, "--output", str(nginx.folder / "www/archive.zip"),
                running.url(archive))  # fmt: skip
        size = (nginx.folder / "www/archive.zip").stat().st_size
        form = [word for part in parts for word in ("--form", f"file=@{part}")]
        cases = {
            "a job's document, connections kept": (
                lambda: kept(running.url(f"/v1/jobs/{job}"), "-H", field),
                lambda: kept(nginx.url("/job.json"))),
            "a job's document, a connection each": (
                lambda: one_each(running.url(f"/v1/jobs/{job}"), "-H", field),
                lambda: one_each(nginx.url("/job.json"))),
            "/healthz, connections kept": (lambda: kept(running.url("/healthz")),
            lambda: kept(nginx.url("/health.json"))),
            "/healthz, a connection each": (lambda: one_each(running.url("/healthz")),
            lambda: one_each(nginx.url("/health.json"))),
            "1 GiB up, MB/s": (
                lambda: UPLOAD / 1e6 / seconds(
                    "--header", field, *form, running.url("/v1/jobs?class=a")),
                lambda: put(nginx.url("/put/large"), large, nginx.folder / "www/put/large")),
            "an archive of 1 GB down, MB/s": (
                lambda: size / 1e6 / seconds("--header", field, running.url(archive)),
                lambda: size / 1e6 / seconds(nginx.url("/archive.zip"))),
        }  # fmt: skip
        records = []
        for name, ways in cases.items():
            runs = []
            for _ in range(rounds):
                ours = ways[0]()
                # Nothing may run in the background during the other server's turn.
                for listed in running.get("/v1/jobs").json["jobs"]:
                    running.finished(f"/v1/jobs/{listed['id']}")
                runs.append((ours, ways[1]()))
            ours, theirs = zip(*runs, strict=True)
            records.append({"case": name, "palimpsest": list(ours), "nginx": list(theirs)})
            print(
                f"{name}: {statistics.median(ours):.0f} beside {statistics.median(theirs):.0f}",
                file=sys.stderr,
                flush=True,
            )
        return {"cases": records, "document_bytes": len(document)}
    finally:
        nginx.stop()
        running.stop()
