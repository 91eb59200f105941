"""Starts the built binary on a free port and talks to it with curl, as a user would."""

import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = pathlib.Path(__file__).resolve().parent / "fixtures"
BINARY = pathlib.Path(os.environ.get("PALIMPSEST_BINARY", ROOT / ".build/release/palimpsest"))

# Long enough for a loaded machine; no successful test waits this long.
PATIENCE = 120


class Answer:
    """An HTTP answer as curl saw it."""

    def __init__(self, status, fields, body):
        self.status = status
        self.fields = fields
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.fields} {self.body[:600]!r}"


class Service:
    """A running `palimpsest serve` with a data folder of its own."""

    def __init__(self, data, weights, extra=(), environment=None):
        self.data = pathlib.Path(data)
        self.weights = weights
        self.extra = list(extra)
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("PALIMPSEST_")
        } | (environment or {})
        self.log_path = self.data.parent / f"{self.data.name}.log"
        self.banner_path = self.data.parent / f"{self.data.name}.banner"
        # `serve` or `worker`.
        self.role = "serve"
        self.process = None
        self.port = None
        # How clients reach it; other tests change these.
        self.scheme = "http"
        self.curl_options = []

    # ---- Life ----

    def start(self, ready=True):
        """Starts the server and waits until it reports its port and, if requested, is ready."""
        command = [BINARY, self.role, "--data", self.data, "--workers", "2"]
        if self.role == "serve":
            command += ["--bind", "127.0.0.1:0"]
        if self.weights is not None:
            command += ["--weights", self.weights]
        with open(self.log_path, "ab") as log, open(self.banner_path, "wb") as banner:
            seen = log.tell()
            self.process = subprocess.Popen(
                [*command, *self.extra],
                stderr=log,
                stdout=banner,
                stdin=subprocess.DEVNULL,
                env=self.environment,
            )
        self.port = self.wait_for(lambda: self.listening_port(seen), "the line with the port")
        if ready:
            self.wait_for(lambda: self.curl("/readyz").status == 200, "/readyz to answer 200")
        return self

    def listening_port(self, seen):
        if self.process.poll() is not None:
            raise AssertionError(f"the server ended with {self.process.returncode}:\n{self.log()}")
        found = re.search(rb'"port":"?(\d+)', self.log_path.read_bytes()[seen:])
        return int(found.group(1)) if found else None

    def kill(self):
        """Ends the server as a power cut would, with its children, which die with their parent."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        """Asks the server to stop and returns its exit status."""
        if self.process is None:
            return None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"the server did not stop:\n{self.log()}") from None

    def log(self):
        return self.log_path.read_text(errors="replace")

    def codecs(self):
        """The process ids of the codec children."""
        children = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children")
        return [int(pid) for path in children for pid in path.read_text().split()]

    def wait_for(self, condition, what):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            result = condition()
            if result:
                return result
            time.sleep(0.02)
        raise AssertionError(f"waited in vain for {what}:\n{self.log()[-4000:]}")

    # ---- Requests ----

    @property
    def key(self):
        return (self.data / "admin-key").read_text().strip()

    def url(self, path):
        return path if path.startswith("http") else f"{self.scheme}://127.0.0.1:{self.port}{path}"

    def curl(self, path, *arguments, key=None):
        """Runs curl and returns the last answer's status, fields (lower-case names) and body."""
        head = self.data.parent / f"head-{os.getpid()}-{time.monotonic_ns()}"
        command = [
            "curl", "--silent", "--show-error", "--max-time", str(PATIENCE), "--dump-header", head,
            *self.curl_options,
        ]  # fmt: skip
        if key is not None:
            command += ["--header", f"Authorization: Bearer {key}"]
        result = subprocess.run(
            [*command, *arguments, self.url(path)], capture_output=True, check=False
        )
        if result.returncode == 7:
            return Answer(0, {}, b"")
        assert result.returncode == 0, (
            f"{command}: {result.returncode} {result.stderr.decode()}\n{self.log()[-3000:]}"
        )
        last = head.read_bytes().strip().split(b"\r\n\r\n")[-1].decode("latin-1").split("\r\n")
        head.unlink()
        fields = {}
        for line in last[1:]:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip()
        return Answer(int(last[0].split()[1]), fields, result.stdout)

    def get(self, path, *arguments):
        return self.curl(path, *arguments, key=self.key)

    def finished(self, path):
        """Polls a job until it has ended and returns it."""

        def ended():
            answer = self.get(f"{path}?wait=10")
            assert answer.status == 200, answer
            return answer.json if answer.json["state"] in ("done", "failed", "cancelled") else None

        return self.wait_for(ended, f"{path} to end")


class LocalService(Service):
    """A service on a Unix-domain socket."""

    def __init__(self, data, path, *extra):
        super().__init__(data, None, [*extra, "--bind", f"unix:{path}"])
        self.path, self.curl_options = path, ["--unix-socket", path]

    def listening_port(self, seen):
        assert self.process.poll() is None, self.log()
        return 80 if f'"address":"unix:{self.path}"' in self.log()[seen:] else None


def no_secret_in(log, *secrets):
    for secret in secrets:
        assert secret not in log, f"the log shows {secret!r}"


def remove(folder):
    shutil.rmtree(folder, ignore_errors=True)
