"""`palimpsest submit`: folders go to a server and come back protected, whatever lies between."""

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
    return [BINARY, "submit", "--server", f"http://127.0.0.1:{port or service.port}/", *map(str, arguments)]


def environment(service, **more):
    return {name: value for name, value in os.environ.items() if "proxy" not in name.lower()} | {"PALIMPSEST_KEY": service.key} | more


def submit(service, *arguments, port=None, **variables):
    return subprocess.run(command(service, *arguments, port=port), env=environment(service, **variables), capture_output=True, text=True,
                          timeout=PATIENCE, check=False)  # fmt: skip


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def results(names):
    return sorted(str(pathlib.Path(name).with_suffix(end)) for name in names for end in (".png", ".json"))


def jobs(service):
    return service.get("/v1/jobs?limit=500").json["jobs"]


def sent(service):
    """How many photos the server has ever been sent, in all jobs."""
    return sum(job["counts"]["total"] for job in jobs(service))


# ---- There and back ----


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
        report = protected.with_suffix(".json")
        assert json.loads(report.read_text())["class"] == name.split("/")[0]
        checked = subprocess.run([BINARY, "verify", photos / name, protected, "--manifest", report], capture_output=True, text=True, check=False)
        assert checked.returncode == 0, checked
    assert [job["counts"]["total"] for job in jobs(service)] == [3]
    assert service.key not in result.stderr + service.log()
    assert service.stop() == 0


def test_jobs_are_as_small_as_asked_for_and_one_bad_photo_fails_alone(make_service, photos, tmp_path):
    service = make_service()
    (photos / "birds/broken.jpg").write_bytes(b"\xff\xd8\xff no photo")
    key = tmp_path / "key"
    key.write_text(service.key + "\n")
    out = tmp_path / "out"
    result = submit(service, photos, "--out", out, "--job-images", 1, "--parallel", 3, "--key-file", key, PALIMPSEST_KEY="")
    assert result.returncode == 1
    assert f"{photos}/birds/broken.jpg: image_" in result.stderr
    assert "protected 3 of 4 pictures" in result.stderr and "1 failed" in result.stderr
    assert tree(out) == results(PHOTOS)
    assert [job["counts"]["total"] for job in jobs(service)] == [1, 1, 1, 1]

    # What is there is left alone unless it is said otherwise.
    again = submit(service, photos, "--out", out)
    assert again.returncode == 1 and again.stderr.count(": output_exists: ") == 3
    skipped = submit(service, photos, "--out", out, "--skip-existing")
    assert skipped.returncode == 1 and "left out 3 photos" in skipped.stderr and "protected 0 of 1" in skipped.stderr
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
    names = ['a"b;c,d\\e.png', "@x.png", "-.png", "line\nend.png", "größe.png", "a=b%20c.png", "x.tar.png", "CON.png", "x.png", "deep/x.jpg", 'q"\u0301\\\u0301;type=a.png']
    for number, name in enumerate(names):
        picture(folder / "cats" / name, number)
    locally = subprocess.run([BINARY, "protect", folder, "--out", tmp_path / "local", "--weights", weights], capture_output=True, check=False)
    assert locally.returncode == 0, locally
    result = subprocess.run([BINARY, "submit", "in", "--server", service.url(""), "--out", "out"], cwd=tmp_path, env=environment(service),
                            capture_output=True, text=True, timeout=PATIENCE, check=False)  # fmt: skip
    assert result.returncode == 0, result
    assert tree(tmp_path / "out") == [name for name in tree(tmp_path / "local") if name != "palimpsest-classes.json"]
    # Each result is that of the photo it is named after.
    for path in (tmp_path / "out/cats").glob("*.json"):
        local = json.loads((tmp_path / "local/cats" / path.name).read_text())
        assert json.loads(path.read_text())["input_sha256"] == local["input_sha256"]
    assert service.stop() == 0


# ---- Interruptions ----


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_call_goes_on_and_sends_nothing_twice(make_service, tmp_path, number):
    service = make_service()
    names = [f"c{index % 3}/{index}.png" for index in range(40)]
    for index, name in enumerate(names):
        picture(tmp_path / "in" / name, index)
    out = tmp_path / "out"
    arguments = [tmp_path / "in", "--out", out, "--job-images", 2]
    process = subprocess.Popen(command(service, *arguments), env=environment(service), stderr=subprocess.PIPE, text=True)
    service.wait_for(lambda: out.exists() and len(list(out.rglob("*.png"))) >= 4, "the first results")
    process.send_signal(number)
    _, stderr = process.communicate(timeout=PATIENCE)
    assert process.returncode == (130 if number == signal.SIGINT else -signal.SIGKILL)
    assert ("--skip-existing goes on" in stderr) == (number == signal.SIGINT)
    assert len(list(out.rglob("*.png"))) < len(names)
    state = json.loads((out / "palimpsest-jobs.json").read_text())
    assert state["jobs"] and (out / "palimpsest-jobs.json").stat().st_mode & 0o777 == 0o600

    # Not with another server, whose jobs these are not.
    other = submit(service, tmp_path / "in", "--out", out, "--server", "http://127.0.0.1:1", "--skip-existing")
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
    # As a call leaves it that is killed before it has fetched the results.
    digest = {path.stem: json.loads(path.read_text())["input_sha256"] for path in out.rglob("*.json")}
    settings = {"mode": "sample-wise", "strength": 8, "clip": True, "working_size": 128}
    images = [{"path": str(tmp_path / f"in/c/{index}.png"), "class": "c", "name": str(index), "sha256": digest[str(index)]} for index in range(3)]
    state = {"format_version": 1, "server": service.url(""), "jobs": [{"id": job["id"], "settings": settings, "images": images}]}
    for erased in (False, True):
        shutil.rmtree(out)
        out.mkdir()
        (out / "palimpsest-jobs.json").write_text(json.dumps(state))
        if erased:
            assert service.get(f"/v1/jobs/{job['id']}", "--request", "DELETE").status == 204
        result = submit(service, tmp_path / "in", "--out", out)
        assert result.returncode == 0, result
        assert tree(out) == results(f"c/{index}.png" for index in range(3))
        assert [job["id"] for job in jobs(service)] == ([job["id"]] if not erased else [jobs(service)[0]["id"]])
        assert (jobs(service)[0]["id"] != job["id"]) == erased
    assert service.stop() == 0


class Stumbling(http.server.ThreadingHTTPServer):
    """A proxy that first has other answers for uploads, and then passes everything on."""

    daemon_threads = True

    def __init__(self, port, stumbles=(), archives=(), key=None):
        self.upstream, self.stumbles, self.uploads = port, list(stumbles), []
        # What is given for the first archives that are asked for; and whose jobs they are.
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
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.uploads.append((time.monotonic(), self.headers["Idempotency-Key"]))
        stumble = self.server.stumbles.pop(0) if self.server.stumbles else None
        if stumble == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            return self.connection.close()
        if stumble == "lost answer":
            # It has arrived, and nobody knows.
            self.ask(body)
            self.close_connection = True
            return self.connection.shutdown(socket.SHUT_RDWR)
        if stumble in ("cancel", "erase"):
            # The upload arrives, and somebody ends its job before the client hears of it.
            answer = self.ask(body)
            content = answer.read()
            method, end = ("DELETE", "") if stumble == "erase" else ("POST", "/cancel")
            connection = http.client.HTTPConnection("127.0.0.1", self.server.upstream, timeout=PATIENCE)
            connection.request(method, f"/v1/jobs/{json.loads(content)['id']}{end}", headers={"Authorization": f"Bearer {self.server.key}"})
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
        connection.request(self.command, self.path, body, {name: value for name, value in self.headers.items() if name.lower() != "host"})
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
    # It has waited for as long as it was asked to, and the upload whose answer was lost is no second job.
    assert times[1] - times[0] >= 3
    assert sent(service) == 3
    assert service.stop() == 0


def test_patience_ends(make_service, photos, tmp_path):
    service = make_service()
    with Stumbling(service.port, [(503, "60", {"code": "\x1b[2J", "detail": ""})] * 9) as proxy:
        result = submit(service, photos, "--out", tmp_path / "out", "--patience", 30, port=proxy.server_address[1])
        assert result.returncode == 1
        assert "Gave up on the server: the server answers with 503" in result.stderr and "\x1b" not in result.stderr
        assert tree(tmp_path / "out") == ["palimpsest-jobs.json"]
        proxy.stumbles.clear()
        result = submit(service, photos, "--out", tmp_path / "out", "--skip-existing", port=proxy.server_address[1])
    assert result.returncode == 0, result
    assert tree(tmp_path / "out") == results(PHOTOS)
    assert service.stop() == 0


def test_a_batch_is_a_new_job_in_every_call_and_the_same_one_within_a_call(make_service, photos, tmp_path):
    service = make_service()
    out = tmp_path / "out"
    with Stumbling(service.port, ["cancel", (503, "1")], key=service.key) as proxy:
        cancelled = submit(service, photos, "--out", out, port=proxy.server_address[1])
        assert cancelled.returncode == 1 and "protected 0 of 3" in cancelled.stderr, cancelled
        assert not out.exists()
        again = submit(service, photos, "--out", out, port=proxy.server_address[1])
        assert again.returncode == 0, again
        other = submit(service, photos, "--out", out, "--metadata", "all", "--force", port=proxy.server_address[1])
        assert other.returncode == 0, other
    assert tree(out) == results(PHOTOS)
    keys = [key for _, key in proxy.uploads]
    assert len(keys) == 4 and keys[1] == keys[2] and len(set(keys)) == 3
    assert [job["settings"]["metadata"] for job in jobs(service)] == ["all", "strip", "strip"]
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
    images = [{"number": number, "file": f"c/{number}.png", "state": state, "error": {"code": code, "detail": f"{code}."}}
              for number, (state, code) in enumerate(failures, 1)]  # fmt: skip
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("manifest.json", json.dumps({"images": images}))
    return content.getvalue()


def test_photos_that_the_server_failed_are_sent_once_more(make_service, photos, tmp_path):
    service = make_service()
    faults = [("quarantined", "image_quarantined"), ("failed", "image_\x1b[31mcorrupt"), ("failed", "storage_failed")]
    with Stumbling(service.port, archives=[archive(*faults)]) as proxy:
        result = submit(service, photos, "--out", tmp_path / "out", port=proxy.server_address[1])
    # What is wrong with a photo is not tried again, and said without what would colour the terminal.
    assert result.returncode == 1 and result.stderr.count(": image_\ufffd[31mcorrupt: ") == 1, result
    assert "protected 2 of 3" in result.stderr and "\x1b" not in result.stderr
    assert sorted(job["counts"]["total"] for job in jobs(service)) == [2, 3]
    assert len(tree(tmp_path / "out")) == 4
    with Stumbling(service.port, archives=[archive(*faults), archive(faults[0], faults[2])]) as proxy:
        result = submit(service, photos, "--out", tmp_path / "other", port=proxy.server_address[1])
    assert result.returncode == 1 and "protected 0 of 3" in result.stderr
    assert result.stderr.count("image_quarantined: ") == result.stderr.count("storage_failed: ") == 1, result
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
    assert [job["counts"]["total"] for job in service.curl("/v1/jobs", key=key).json["jobs"]] == [1, 1, 1]
    # What is too much alone is refused without a wait.
    result = submit(service, photos, "--out", tmp_path / "other", PALIMPSEST_KEY=with_quota("bytes_queued", 10))
    assert result.returncode == 1 and result.stderr.count(": quota_bytes: ") == 3, result
    assert not (tmp_path / "other").exists()
    assert service.stop() == 0


def test_a_photo_that_vanishes_fails_alone(make_service, photos, tmp_path):
    service = make_service()
    out = tmp_path / "out"
    # A call that is ended before the server takes anything leaves what it was about to send.
    with Stumbling(service.port, [(503, "60")]) as proxy:
        first = submit(service, photos, "--out", out, "--patience", 0, port=proxy.server_address[1])
        assert first.returncode == 1 and tree(out) == ["palimpsest-jobs.json"]
        (photos / "things/hats.png").unlink()
        result = submit(service, photos, "--out", out, "--skip-existing", port=proxy.server_address[1])
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
        (submit(service, photos, "--out", out, PALIMPSEST_KEY="wrong"), 1, "The server refuses the key: "),
        (closed, 1, "cannot be reached"),
        (submit(service, photos, "--out", out, PALIMPSEST_KEY=""), 2, "--key-file"),
        (submit(service, photos, "--out", out, "--key-file", tmp_path / "none"), 2, "cannot be used"),
        (submit(service, photos, "--out", out, "--server", "ftp://a"), 2, "--server must be a URL"),
        (submit(service, photos, "--out", out, "--strength", 17), 2, "strength"),
        (submit(service, photos, "--out", out, "--class", "a/b"), 2, "class"),
        (submit(service, photos, "--out", out, "--force", "--skip-existing"), 2, "exclude each other"),
        (submit(service, photos / "birds", "--out", out), 2, "--class NAME"),
        (submit(service, tmp_path / "nothing", "--out", out), 1, "input_unreadable"),
        (submit(service, photos, "--out", out, PATH="/nowhere"), 1, "curl is not installed"),
    ]
    for result, status, words in cases:
        assert (result.returncode, words in result.stderr) == (status, True), result
        assert result.stderr.count("\n") <= 4 or status == 2, result
    assert not out.exists()


def test_a_server_with_narrower_limits_refuses_with_its_own_words(make_service, photos, tmp_path):
    service = make_service("--max-images-per-job", "2")
    result = submit(service, photos, "--out", tmp_path / "out")
    assert result.returncode == 1 and result.stderr.count(": images_too_many: ") == 3
    assert not (tmp_path / "out").exists()
    result = submit(service, photos, "--out", tmp_path / "out", "--job-images", 2)
    assert result.returncode == 0, result
    assert service.stop() == 0
