"""`palimpsest submit`: folders go to a server and come back protected, despite any interruption."""

import hashlib
import http.client
import http.server
import io
import json
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time
import zipfile

import numpy as np
import pytest
from archives import check_protected
from PIL import Image
from service import BINARY, FIXTURES, PATIENCE

PHOTOS = {"birds/parrots.jpg", "things/hats.png", "things/plane.jpg"}


def picture(path, seed):
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.random.default_rng(seed).integers(0, 256, (32, 32, 3), np.uint8)
    Image.fromarray(samples).save(path)


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    for name in PHOTOS:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(FIXTURES / pathlib.Path(name).name, folder / name)
    return folder


def command(service, *arguments, port=None):
    return [
        BINARY,
        "submit",
        "--server",
        f"http://127.0.0.1:{port or service.port}/",
        *map(str, arguments),
    ]


def environment(service, **more):
    return (
        {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        | {"PALIMPSEST_KEY": service.key}
        | more
    )


def submit(service, *arguments, port=None, **variables):
    return subprocess.run(command(service, *arguments, port=port),
                          env=environment(service, **variables), capture_output=True, text=True,
                          timeout=PATIENCE, check=False)  # fmt: skip


def reports_of(out):
    """The folder of the reports on the pictures in a folder."""
    return out.with_name(out.name + "-reports")


def report_of(picture):
    return reports_of(picture.parents[1]) / picture.parent.name / f"{picture.stem}.json"


def tree(out):
    """All pictures and reports, without the manifests, which are named after jobs."""
    assert not list(out.rglob("*.json")), "reports are not to be published"
    files = (
        path.relative_to(folder)
        for folder in (out, reports_of(out))
        for path in folder.rglob("*")
        if path.is_file()
    )
    return sorted(str(file) for file in files if file.parts[0] != "palimpsest-manifests")


def results(names):
    return sorted(
        str(pathlib.Path(name).with_suffix(end)) for name in names for end in (".png", ".json")
    )


def jobs(service):
    return service.get("/v1/jobs?limit=500").json["jobs"]


def sent(service):
    """How many photos the server has ever received, over all jobs."""
    return sum(job["counts"]["total"] for job in jobs(service))


# ---- There and back ----


def test_results_are_not_protected_again(make_service, photos, tmp_path):
    service = make_service()
    out, again = tmp_path / "out", tmp_path / "again"
    assert submit(service, photos, "--out", out).returncode == 0
    result = submit(service, out, "--out", again)
    assert result.returncode == 1 and result.stderr.count("image_already_protected") == 3, result
    assert sent(service) == 3 and not list(again.rglob("*.png"))


def test_a_folder_comes_back_protected(make_service, photos, tmp_path):
    service = make_service()
    out = tmp_path / "out"
    result = submit(service, photos, "--out", out, "--strength", 6)
    assert (result.returncode, result.stdout) == (0, ""), result
    assert f"protected 3 of 3 pictures into {out}" in result.stderr
    assert tree(out) == results(PHOTOS)
    for name in PHOTOS:
        protected = (out / name).with_suffix(".png")
        check_protected(protected.read_bytes(), photos / name, bound=6)
        report = report_of(protected)
        assert json.loads(report.read_text())["class"] == name.split("/")[0]
        checked = subprocess.run(
            [BINARY, "verify", photos / name, protected, "--manifest", report],
            capture_output=True,
            text=True,
            check=False,
        )
        assert checked.returncode == 0, checked
    assert [job["counts"]["total"] for job in jobs(service)] == [3]
    assert service.key not in result.stderr + service.log()
    assert service.stop() == 0


def test_jobs_are_as_small_as_asked_for_and_one_bad_photo_fails_alone(
    make_service, photos, tmp_path
):
    service = make_service()
    (photos / "birds/broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    key = tmp_path / "key"
    key.write_text(service.key + "\n")
    out = tmp_path / "out"
    result = submit(
        service, photos, "--out", out, "--job-images", 1, "--parallel", 3, "--key-file", key,
        PALIMPSEST_KEY="",
    )  # fmt: skip
    assert result.returncode == 1
    assert f"{photos}/birds/broken.jpg: image_" in result.stderr
    assert "protected 3 of 4 pictures" in result.stderr and "1 failed" in result.stderr
    assert tree(out) == results(PHOTOS)
    assert [job["counts"]["total"] for job in jobs(service)] == [1, 1, 1, 1]

    # Existing results are left alone unless requested otherwise.
    again = submit(service, photos, "--out", out)
    assert again.returncode == 1 and again.stderr.count(": output_exists: ") == 3
    skipped = submit(service, photos, "--out", out, "--skip-existing")
    assert (
        skipped.returncode == 1
        and "left out 3 photos" in skipped.stderr
        and "protected 0 of 1" in skipped.stderr
    )
    (photos / "birds/broken.jpg").unlink()
    nothing = submit(service, photos, "--out", out, "--skip-existing", "--quiet")
    assert (nothing.returncode, nothing.stderr) == (0, "")
    before = (out / "things/hats.png").read_bytes()
    forced = submit(service, photos, "--out", out, "--force", "--job-images", 1)
    assert forced.returncode == 0 and (out / "things/hats.png").read_bytes() == before
    assert tree(out) == results(PHOTOS)
    assert service.stop() == 0


def test_strange_names_are_those_that_protect_gives(make_service, tmp_path, weights):
    service = make_service()
    folder = tmp_path / "in"
    names = [
        'a"b;c,d\\e.png', "@x.png", "-.png", "line\nend.png", "größe.png", "a=b%20c.png",
        "x.tar.png", "CON.png", "x.png", "deep/x.jpg", 'q"\u0301\\\u0301;type=a.png',
    ]  # fmt: skip
    for number, name in enumerate(names):
        picture(folder / "cats" / name, number)
    locally = subprocess.run(
        [BINARY, "protect", folder, "--out", tmp_path / "local", "--weights", weights],
        capture_output=True,
        check=False,
    )
    assert locally.returncode == 0, locally
    result = subprocess.run([BINARY, "submit", "in", "--server", service.url(""), "--out", "out"],
                            cwd=tmp_path, env=environment(service),
                            capture_output=True, text=True, timeout=PATIENCE,
                            check=False)  # fmt: skip
    assert result.returncode == 0, result
    assert tree(tmp_path / "out") == [
        name for name in tree(tmp_path / "local") if name != "palimpsest-classes.json"
    ]
    # Each result belongs to the photo it is named after.
    for path in (tmp_path / "out-reports/cats").glob("*.json"):
        local = json.loads((tmp_path / "local-reports/cats" / path.name).read_text())
        assert json.loads(path.read_text())["input_sha256"] == local["input_sha256"]
    assert service.stop() == 0


def test_what_the_service_signed_is_kept_and_verifies(make_service, photos, tmp_path):
    service = make_service()
    out, key = tmp_path / "out", tmp_path / "key.pem"
    assert submit(service, photos, "--out", out, "--job-images", 2).returncode == 0
    key.write_bytes(service.curl("/v1/signing-key").body)
    manifests = reports_of(out) / "palimpsest-manifests"
    assert sorted(path.name for path in manifests.iterdir()) == sorted(
        f"{job['id']}.json{end}" for job in jobs(service) for end in ("", ".sig")
    )

    def verify(photo, manifest):
        command = [
            BINARY, "verify", photos / photo, (out / photo).with_suffix(".png"),
            "--manifest", manifest, "--key", key,
        ]  # fmt: skip
        return subprocess.run(
            command, capture_output=True, text=True, timeout=PATIENCE, check=False
        )

    for name in PHOTOS:
        result = verify(name, manifests)
        assert result.returncode == 0 and "by that key" in result.stdout, result
        # The report beside the picture is not signed.
        result = verify(name, report_of(out / name))
        assert (
            result.returncode == 1 and "only manifests of services are signed" in result.stdout
        ), result
    for path in manifests.glob("*.json"):
        path.write_bytes(path.read_bytes() + b" ")
    result = verify(name, manifests)
    assert result.returncode == 1 and "the manifest was changed" in result.stdout, result


def test_what_the_service_has_protected_is_refused_unless_forced(make_service, photos, tmp_path):
    service = make_service()
    assert submit(service, photos, "--out", tmp_path / "out").returncode == 0
    again = tmp_path / "again" / "birds"
    again.mkdir(parents=True)
    shutil.copy(tmp_path / "out/birds/parrots.png", again)
    result = submit(service, again.parent, "--out", tmp_path / "twice")
    assert result.returncode == 1 and "image_already_protected" in result.stderr, result
    assert submit(service, again.parent, "--out", tmp_path / "twice", "--force").returncode == 0
    assert tree(tmp_path / "twice") == results(["birds/parrots.png"])


# ---- Interruptions ----


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_call_goes_on_and_sends_nothing_twice(make_service, tmp_path, number):
    service = make_service()
    names = [f"c{index % 3}/{index}.png" for index in range(40)]
    for index, name in enumerate(names):
        picture(tmp_path / "in" / name, index)
    out = tmp_path / "out"
    arguments = [tmp_path / "in", "--out", out, "--job-images", 2]
    process = subprocess.Popen(
        command(service, *arguments), env=environment(service), stderr=subprocess.PIPE, text=True
    )
    service.wait_for(
        lambda: out.exists() and len(list(out.rglob("*.png"))) >= 4, "the first results"
    )
    # From now on jobs stay unfinished: between two jobs there would be nothing to record.
    for codec in service.codecs():
        os.kill(codec, signal.SIGSTOP)
    service.wait_for((reports_of(out) / "palimpsest-jobs.json").exists, "an unfinished job")
    process.send_signal(number)
    _, stderr = process.communicate(timeout=PATIENCE)
    for codec in service.codecs():
        os.kill(codec, signal.SIGCONT)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert ("--skip-existing to continue" in stderr) == (number == signal.SIGINT)
    assert len(list(out.rglob("*.png"))) < len(names)
    open_jobs = reports_of(out) / "palimpsest-jobs.json"
    state = json.loads(open_jobs.read_text())
    assert state["jobs"] and open_jobs.stat().st_mode & 0o777 == 0o600

    # Not with another server, which does not have these jobs.
    other = submit(
        service, tmp_path / "in", "--out", out, "--server", "http://127.0.0.1:1", "--skip-existing"
    )
    assert other.returncode == 1 and "is about jobs of" in other.stderr
    result = submit(service, *arguments, "--skip-existing")
    assert result.returncode == 0, result
    assert tree(out) == results(names)
    assert sent(service) == len(names)
    assert service.stop() == 0


def test_jobs_that_were_erased_meanwhile_are_sent_again(make_service, tmp_path):
    service = make_service()
    for index in range(3):
        picture(tmp_path / f"in/c/{index}.png", index)
    out = tmp_path / "out"
    first = submit(service, tmp_path / "in", "--out", out)
    assert first.returncode == 0, first
    job = jobs(service)[0]
    # The state after a call was killed before it fetched the results.
    digest = {
        path.stem: json.loads(path.read_text())["input_sha256"]
        for path in (reports_of(out) / "c").glob("*.json")
    }
    settings = {"mode": "sample-wise", "strength": 8, "clip": True, "working_size": 128}
    images = [
        {
            "path": str(tmp_path / f"in/c/{index}.png"),
            "class": "c",
            "name": str(index),
            "sha256": digest[str(index)],
        }
        for index in range(3)
    ]
    state = {
        "format_version": 1,
        "server": service.url(""),
        "jobs": [{"id": job["id"], "settings": settings, "images": images}],
    }
    for erased in (False, True):
        shutil.rmtree(out)
        out.mkdir()
        # Where earlier releases kept it.
        (out / "palimpsest-jobs.json").write_text(json.dumps(state))
        if erased:
            assert service.get(f"/v1/jobs/{job['id']}", "--request", "DELETE").status == 204
        result = submit(service, tmp_path / "in", "--out", out)
        assert result.returncode == 0, result
        assert tree(out) == results(f"c/{index}.png" for index in range(3))
        assert (
            [job["id"] for job in jobs(service)]
            == ([job["id"]] if not erased else [jobs(service)[0]["id"]])
        )
        assert (jobs(service)[0]["id"] != job["id"]) == erased
        # An earlier version without masks recorded this job, so it must get none.
        assert jobs(service)[0]["settings"]["mask"] == ("none" if erased else "auto")
    assert service.stop() == 0


class Stumbling(http.server.ThreadingHTTPServer):
    """A proxy that first answers uploads itself, then passes everything on."""

    daemon_threads = True

    def __init__(self, port, stumbles=(), archives=(), key=None, most=None):
        self.upstream, self.stumbles, self.uploads = port, list(stumbles), []
        # The largest upload in bytes that it accepts, and how many it has refused.
        self.most, self.refused = most, 0
        # Contents for the first archives requested, and the key of their jobs.
        self.archives, self.key = list(archives), key
        super().__init__(("127.0.0.1", 0), Stumbler)
        self.thread = threading.Thread(target=self.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Stumbler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_GET(self):
        if "archive.zip" in self.path and self.server.archives:
            content = self.server.archives.pop(0)
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            return self.wfile.write(content)
        return self.pass_on(None)

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        if self.server.most is not None and length > self.server.most:
            # As proxies do: an HTML page, before the upload has arrived.
            self.server.refused += 1
            page = b"<html><head><title>413 Request Entity Too Large</title></head></html>"
            self.send_response(413)
            for name, value in (
                ("Content-Type", "text/html"),
                ("Content-Length", str(len(page))),
                ("Connection", "close"),
            ):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(page)
            self.wfile.flush()
            while length > 0 and (piece := self.rfile.read(min(length, 1 << 16))):
                length -= len(piece)
            return None
        body = self.rfile.read(length)
        self.server.uploads.append((time.monotonic(), self.headers["Idempotency-Key"]))
        stumble = self.server.stumbles.pop(0) if self.server.stumbles else None
        if stumble == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return self.connection.close()
        if stumble == "lost answer":
            # The upload arrives, but the client does not learn of it.
            self.ask(body)
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        if stumble in ("cancel", "erase"):
            # The upload arrives, and its job is ended before the client hears of it.
            answer = self.ask(body)
            content = answer.read()
            method, end = ("DELETE", "") if stumble == "erase" else ("POST", "/cancel")
            connection = http.client.HTTPConnection(
                "127.0.0.1", self.server.upstream, timeout=PATIENCE
            )
            connection.request(
                method,
                f"/v1/jobs/{json.loads(content)['id']}{end}",
                headers={"Authorization": f"Bearer {self.server.key}"},
            )
            assert connection.getresponse().status in (200, 204)
            return self.forward(answer, content)
        if stumble is not None:
            status, retry_after, *content = stumble
            content = json.dumps(content[0]).encode() if content else b""
            self.send_response(status)
            if retry_after:
                self.send_header("Retry-After", retry_after)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            return self.wfile.write(content)
        return self.pass_on(body)

    def ask(self, body):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=PATIENCE)
        connection.request(
            self.command,
            self.path,
            body,
            {name: value for name, value in self.headers.items() if name.lower() != "host"},
        )
        return connection.getresponse()

    def pass_on(self, body):
        answer = self.ask(body)
        self.forward(answer, answer.read())

    def forward(self, answer, content):
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in ("connection", "date", "server"):
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def test_a_server_that_is_busy_or_away_is_waited_for(make_service, photos, tmp_path):
    service = make_service()
    with Stumbling(service.port, [(429, "3"), "reset", (503, None), "lost answer"]) as proxy:
        result = submit(service, photos, "--out", tmp_path / "out", port=proxy.server_address[1])
    assert result.returncode == 0, result
    assert tree(tmp_path / "out") == results(PHOTOS)
    times, keys = zip(*proxy.uploads)
    assert len(keys) == 5 and len(set(keys)) == 1
    # It waited as long as requested, and the upload whose answer was lost made no second job.
    assert times[1] - times[0] >= 3
    assert sent(service) == 3
    assert service.stop() == 0


def test_patience_ends(make_service, photos, tmp_path):
    service = make_service()
    with Stumbling(service.port, [(503, "60", {"code": "\x1b[2J", "detail": ""})] * 9) as proxy:
        result = submit(
            service, photos, "--out", tmp_path / "out", "--patience", 30,
            port=proxy.server_address[1],
        )  # fmt: skip
        assert result.returncode == 1
        assert "Gave up: the server answers with " in result.stderr and "\x1b" not in result.stderr
        assert tree(tmp_path / "out") == ["palimpsest-jobs.json"]
        proxy.stumbles.clear()
        result = submit(
            service, photos, "--out", tmp_path / "out",
            "--skip-existing", port=proxy.server_address[1],
        )  # fmt: skip
    assert result.returncode == 0, result
    assert tree(tmp_path / "out") == results(PHOTOS)
    assert service.stop() == 0


def test_a_batch_is_a_new_job_in_every_call_and_the_same_one_within_a_call(
    make_service, photos, tmp_path
):
    service = make_service()
    out = tmp_path / "out"
    with Stumbling(service.port, ["cancel", (503, "1")], key=service.key) as proxy:
        cancelled = submit(service, photos, "--out", out, port=proxy.server_address[1])
        assert cancelled.returncode == 1 and "protected 0 of 3" in cancelled.stderr, cancelled
        assert not out.exists()
        again = submit(service, photos, "--out", out, port=proxy.server_address[1])
        assert again.returncode == 0, again
        other = submit(
            service, photos, "--out", out, "--metadata", "all", "--mask", "none",
            "--force", port=proxy.server_address[1],
        )  # fmt: skip
        assert other.returncode == 0, other
    assert tree(out) == results(PHOTOS)
    keys = [key for _, key in proxy.uploads]
    assert len(keys) == 4 and keys[1] == keys[2] and len(set(keys)) == 3
    assert [job["settings"]["metadata"] for job in jobs(service)] == ["all", "strip", "strip"]
    assert [job["settings"]["mask"] for job in jobs(service)] == ["none", "auto", "auto"]
    assert service.stop() == 0


def test_a_job_that_the_server_loses_is_sent_once_more(make_service, photos, tmp_path):
    service = make_service()
    with Stumbling(service.port, ["erase"], key=service.key) as proxy:
        result = submit(service, photos, "--out", tmp_path / "out", port=proxy.server_address[1])
    assert result.returncode == 0, result
    assert tree(tmp_path / "out") == results(PHOTOS)
    assert len({key for _, key in proxy.uploads}) == len(proxy.uploads) == 2
    with Stumbling(service.port, ["erase"] * 3, key=service.key) as proxy:
        result = submit(service, photos, "--out", tmp_path / "other", port=proxy.server_address[1])
    assert result.returncode == 1 and result.stderr.count(": job_unknown: ") == 3, result
    assert len(proxy.uploads) == 2 and not (tmp_path / "other").exists()
    assert service.stop() == 0


def archive(*failures):
    images = [{"number": number, "file": f"c/{number}.png", "state": state,
              "error": {"code": code, "detail": f"{code}."}}
              for number, (state, code) in enumerate(failures, 1)]  # fmt: skip
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("manifest.json", json.dumps({"images": images}))
    return content.getvalue()


def test_photos_that_the_server_failed_are_sent_once_more(make_service, photos, tmp_path):
    service = make_service()
    faults = [
        ("quarantined", "image_quarantined"),
        ("failed", "image_\x1b[31mcorrupt"),
        ("failed", "storage_failed"),
    ]
    with Stumbling(service.port, archives=[archive(*faults)]) as proxy:
        result = submit(service, photos, "--out", tmp_path / "out", port=proxy.server_address[1])
    # Errors in a photo are not retried, and their messages lose terminal escapes.
    assert result.returncode == 1 and result.stderr.count(": image_\ufffd[31mcorrupt: ") == 1, (
        result
    )
    assert "protected 2 of 3" in result.stderr and "\x1b" not in result.stderr
    assert sorted(job["counts"]["total"] for job in jobs(service)) == [2, 3]
    assert len(tree(tmp_path / "out")) == 4
    with Stumbling(
        service.port, archives=[archive(*faults), archive(faults[0], faults[2])]
    ) as proxy:
        result = submit(service, photos, "--out", tmp_path / "other", port=proxy.server_address[1])
    assert result.returncode == 1 and "protected 0 of 3" in result.stderr
    assert (
        result.stderr.count("image_quarantined: ") == result.stderr.count("storage_failed: ") == 1
    ), result
    assert service.stop() == 0


def test_an_archive_that_unpacks_to_more_than_came_is_refused(make_service, photos, tmp_path):
    service = make_service()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("manifest.json", json.dumps({"images": []}) + " " * (64 << 20))
    with Stumbling(service.port, archives=[content.getvalue()]) as proxy:
        result = submit(service, photos, "--out", tmp_path / "out", port=proxy.server_address[1])
    assert result.returncode == 1 and "is not what its manifest says" in result.stderr, result
    assert service.stop() == 0


def test_a_batch_that_is_too_much_for_the_key_goes_in_parts(make_service, photos, tmp_path):
    service = make_service()

    def with_quota(name, number):
        body = json.dumps({"name": "q", "scopes": ["submit", "read"], "quotas": {name: number}})
        answer = service.get("/v1/keys", "--json", body)
        assert answer.status == 201, answer
        return answer.json["secret"]

    key = with_quota("images_queued", 1)
    result = submit(service, photos, "--out", tmp_path / "out", PALIMPSEST_KEY=key)
    assert result.returncode == 0, result
    assert tree(tmp_path / "out") == results(PHOTOS)
    assert (
        [job["counts"]["total"] for job in service.curl("/v1/jobs", key=key).json["jobs"]]
        == [1, 1, 1]
    )
    # A photo over the quota on its own is refused without waiting.
    result = submit(
        service, photos, "--out", tmp_path / "other", PALIMPSEST_KEY=with_quota("bytes_queued", 10)
    )
    assert result.returncode == 1 and result.stderr.count(": quota_bytes: ") == 3, result
    assert not (tmp_path / "other").exists()
    assert service.stop() == 0


def test_a_photo_that_vanishes_fails_alone(make_service, photos, tmp_path):
    service = make_service()
    out = tmp_path / "out"
    # A call that ends before the server accepts anything keeps what it was about to send.
    with Stumbling(service.port, [(503, "60")]) as proxy:
        first = submit(service, photos, "--out", out, "--patience", 0, port=proxy.server_address[1])
        assert first.returncode == 1 and tree(out) == ["palimpsest-jobs.json"]
        (photos / "things/hats.png").unlink()
        result = submit(
            service, photos, "--out", out, "--skip-existing", port=proxy.server_address[1]
        )
    assert result.returncode == 1 and "protected 2 of 3" in result.stderr, result
    assert f"{photos}/things/hats.png: input_unreadable: " in result.stderr
    assert tree(out) == results(PHOTOS - {"things/hats.png"})
    assert service.stop() == 0


# ---- Wrong calls ----


def test_what_is_refused_says_so_and_leaves_nothing(shared_service, photos, tmp_path):
    service, out = shared_service, tmp_path / "out"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        closed = submit(service, photos, "--out", out, port=free.getsockname()[1])
    cases = [
        (
            submit(service, photos, "--out", out, PALIMPSEST_KEY="wrong"),
            1,
            "The server refuses the key: ",
        ),
        (closed, 1, "cannot be reached"),
        (submit(service, photos, "--out", out, PALIMPSEST_KEY=""), 2, "--key-file"),
        (
            submit(service, photos, "--out", out, "--key-file", tmp_path / "none"),
            2,
            "cannot be used",
        ),
        (submit(service, photos, "--out", out, "--server", "ftp://a"), 2, "--server must be a URL"),
        (submit(service, photos, "--out", out, "--strength", 17), 2, "strength"),
        (submit(service, photos, "--out", out, "--class", "a/b"), 2, "class"),
        (
            submit(service, photos, "--out", out, "--force", "--skip-existing"),
            2,
            "exclude each other",
        ),
        (submit(service, photos / "birds", "--out", out), 2, "--class NAME"),
        (submit(service, tmp_path / "nothing", "--out", out), 1, "input_unreadable"),
        (submit(service, photos, "--out", out, PATH="/nowhere"), 1, "curl is not installed"),
    ]
    for result, status, words in cases:
        assert (result.returncode, words in result.stderr) == (status, True), result
        assert result.stderr.count("\n") <= 4 or status == 2, result
    assert not out.exists()


# ---- Later calls into the same folder ----


def origins(folder):
    return {
        path.name: json.loads(report_of(path).read_text())["input_sha256"]
        for path in folder.glob("*.png")
    }


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_folder_that_has_grown_keeps_its_results_and_only_new_photos_are_sent(
    make_service, tmp_path
):
    service = make_service()
    source, out = tmp_path / "in", tmp_path / "out"
    picture(source / "DCIM/2026-02/IMG_7.png", 1)
    picture(source / "DCIM/2026-02/IMG_8.png", 2)
    assert submit(service, source, "--out", out).returncode == 0
    first = {path: path.read_bytes() for path in (out / "DCIM").iterdir()}
    picture(source / "DCIM/2026-01/IMG_7.png", 3)
    result = submit(service, source, "--out", out, "--skip-existing")
    assert (
        result.returncode == 0
        and "left out 2 photos" in result.stderr
        and "protected 1 of 1" in result.stderr
    ), result
    line = (
        f"{source}/DCIM/2026-01/IMG_7.png becomes {out}/DCIM/IMG_7-2.png: {out}/DCIM/IMG_7.png was "
        "made from another photo of that name"
    )
    assert line in result.stderr.splitlines()
    assert all(path.read_bytes() == content for path, content in first.items())
    # Replaced under its name, then submitted without a flag.
    old = digest(source / "DCIM/2026-02/IMG_8.png")
    picture(source / "DCIM/2026-02/IMG_8.png", 4)
    result = submit(service, source, "--out", out)
    assert result.returncode == 1 and result.stderr.count(": output_exists: ") == 2, result
    assert (
        f"becomes {out}/DCIM/IMG_8-2.png: {out}/DCIM/IMG_8.png was made from another photo"
        in result.stderr
    )
    assert origins(out / "DCIM") == {
        "IMG_7.png": digest(source / "DCIM/2026-02/IMG_7.png"),
        "IMG_7-2.png": digest(source / "DCIM/2026-01/IMG_7.png"),
        "IMG_8.png": old, "IMG_8-2.png": digest(source / "DCIM/2026-02/IMG_8.png"),
    }  # fmt: skip
    assert sent(service) == 4
    result = submit(service, source, "--out", out)
    assert result.returncode == 0
    assert result.stderr.endswith(
        "3 photos have results already; nothing to do (--force protects them again)\n"
    )
    # With --force each result is overwritten in place; that of the missing photo stays.
    before = origins(out / "DCIM")
    assert submit(service, source, "--out", out, "--force", "--strength", 2).returncode == 0
    assert origins(out / "DCIM") == before
    strengths = {
        path.stem: json.loads(path.read_text())["strength"]
        for path in (reports_of(out) / "DCIM").glob("*.json")
    }
    assert strengths == {"IMG_7": 2, "IMG_7-2": 2, "IMG_8": 8, "IMG_8-2": 2}
    assert service.stop() == 0


def test_photos_that_change_before_they_are_sent_are_other_photos(make_service, tmp_path):
    service = make_service()
    for index in range(3):
        picture(tmp_path / f"in/c/{index}.png", index)
    out = tmp_path / "out"
    with Stumbling(service.port, [(503, "60")]) as proxy:
        port = proxy.server_address[1]
        first = submit(service, tmp_path / "in", "--out", out, "--patience", 0, port=port)
        assert first.returncode == 1 and tree(out) == ["palimpsest-jobs.json"]
        picture(tmp_path / "in/c/1.png", 11)
        picture(tmp_path / "in/c/2.png", 12)
        # Only one of the two is named; the other one is reported.
        result = submit(
            service, tmp_path / "in/c/1.png", "--class", "c", "--out", out,
            "--skip-existing", port=port,
        )  # fmt: skip
    assert result.returncode == 1 and "protected 2 of 3" in result.stderr, result
    assert f"{tmp_path}/in/c/2.png: input_changed: " in result.stderr
    assert origins(out / "c") == {
        f"{index}.png": digest(tmp_path / f"in/c/{index}.png") for index in (0, 1)
    }
    result = submit(service, tmp_path / "in", "--out", out, "--skip-existing")
    assert result.returncode == 0 and tree(out) == results(
        f"c/{index}.png" for index in range(3)
    ), result
    assert sent(service) == 3 and service.stop() == 0


def test_a_photo_that_is_replaced_while_its_job_is_open_has_both_results(make_service, tmp_path):
    service = make_service()
    for index in range(2):
        picture(tmp_path / f"in/c/{index}.png", index)
    out = tmp_path / "out"
    assert (
        submit(service, tmp_path / "in", "--out", out, "--strength", 4, "--force").returncode == 0
    )
    job, old = jobs(service)[0], origins(out / "c")
    # The state after a call was killed before it fetched the results; the first result is older and
    # has another strength.
    report = report_of(out / "c/0.png")
    report.write_text(report.read_text().replace('"strength" : 4', '"strength" : 9'))
    for path in (out / "c/1.png", report_of(out / "c/1.png")):
        path.unlink()
    images = [
        {
            "path": str(tmp_path / f"in/c/{index}.png"),
            "class": "c",
            "name": str(index),
            "sha256": old[f"{index}.png"],
        }
        for index in range(2)
    ]
    open_job = {
        "id": job["id"],
        "idempotency_key": "k",
        "settings": job["settings"],
        "force": True,
        "images": images,
    }
    (out / "palimpsest-jobs.json").write_text(
        json.dumps({"format_version": 1, "server": service.url(""), "jobs": [open_job]})
    )
    picture(tmp_path / "in/c/1.png", 21)
    result = submit(service, tmp_path / "in", "--out", out, "--skip-existing")
    assert result.returncode == 0, result
    words = (
        f"becomes {out}/c/1-2.png: an interrupted call makes {out}/c/1 from another photo of "
        "that name"
    )
    assert words in result.stderr and "protected 3 of 3" in result.stderr
    assert origins(out / "c") == old | {"1-2.png": digest(tmp_path / "in/c/1.png")}
    # Forced results are overwritten.
    assert json.loads(report.read_text())["strength"] == 4
    assert sent(service) == 3 and not (out / "palimpsest-jobs.json").exists()
    assert service.stop() == 0


# ---- What is too large ----


@pytest.mark.parametrize("most", [1, 2])
def test_a_batch_of_too_many_photos_goes_in_parts(make_service, tmp_path, most):
    service = make_service("--max-images-per-job", str(most))
    names = [f"c{index % 2}/{index}.png" for index in range(7)]
    for index, name in enumerate(names):
        picture(tmp_path / "in" / name, index)
    result = submit(service, tmp_path / "in", "--out", tmp_path / "out")
    assert result.returncode == 0 and "protected 7 of 7" in result.stderr, result
    assert tree(tmp_path / "out") == results(names)
    counts = [job["counts"]["total"] for job in jobs(service)]
    assert sum(counts) == 7 and max(counts) == most
    assert service.stop() == 0


def test_what_a_proxy_finds_too_large_goes_in_parts_and_one_photo_fails_alone(
    make_service, tmp_path
):
    service = make_service()
    names = [f"c/{index}.png" for index in range(6)]
    for index, name in enumerate(names):
        picture(tmp_path / "in" / name, index)
    large = tmp_path / "in/c/3-large.png"
    Image.fromarray(np.random.default_rng(9).integers(0, 256, (200, 200, 3), np.uint8)).save(large)
    sizes = sorted((tmp_path / "in/c").iterdir(), key=lambda path: path.stat().st_size)
    # Two of the small ones and the form's overhead fit; the large one does not.
    most = 2 * sizes[-2].stat().st_size + 1500
    assert sizes[-1] == large and large.stat().st_size > most
    with Stumbling(service.port, most=most) as proxy:
        result = submit(
            service, tmp_path / "in", "--out", tmp_path / "out", port=proxy.server_address[1]
        )
    assert result.returncode == 1 and "protected 6 of 7" in result.stderr, result
    failures = [line for line in result.stderr.splitlines() if ": server_refused: " in line]
    assert failures == [
        f"{large}: server_refused: The server, or a proxy before it, does not accept an upload of this size "
        "(status 413)."
    ]
    assert tree(tmp_path / "out") == results(names)
    assert proxy.refused > 1 and sent(service) == 6
    # Nothing is left for the next call.
    again = submit(service, tmp_path / "in", "--out", tmp_path / "out", "--skip-existing")
    assert again.returncode == 0 and "protected 1 of 1" in again.stderr, again
    assert service.stop() == 0


def test_a_server_with_narrower_limits_refuses_with_its_own_words(make_service, photos, tmp_path):
    service = make_service("--max-image-bytes", "20000")
    for index in range(2):
        picture(tmp_path / f"in/c/{index}.png", index)
    shutil.copy(FIXTURES / "hats.png", tmp_path / "in/c")
    assert (tmp_path / "in/c/hats.png").stat().st_size > 20000
    result = submit(service, tmp_path / "in", "--out", tmp_path / "out")
    assert (
        result.returncode == 1 and f"{tmp_path}/in/c/hats.png: image_too_large: " in result.stderr
    ), result
    assert tree(tmp_path / "out") == results(["c/0.png", "c/1.png"])
    assert service.stop() == 0
