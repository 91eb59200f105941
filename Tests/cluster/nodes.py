"""What a cluster is made of: PostgreSQL, a storage that all reach, servers and workers."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import time

from proxy import Proxy
from service import BINARY, PATIENCE, ROOT, Service

SCRIPTS = ROOT / "scripts"
# How long a worker has an image without a sign of life.
LEASE = 60
STORES = ["folder", "rclone", "swift"]


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


class Database:
    """PostgreSQL on a port of its own, made by scripts/with-postgres."""

    def __init__(self):
        self.port = free_port()
        options = f"-c listen_addresses=127.0.0.1 -c port={self.port}"
        # The server is there for as long as this command reads.
        command = 'echo "$PGHOST"; echo "$PALIMPSEST_TEST_POSTGRES_CONTROL"; exec cat'
        self.holder = subprocess.Popen(
            [SCRIPTS / "with-postgres", "bash", "-c", command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"POSTGRES_OPTIONS": options},
        )
        self.folder = self.holder.stdout.readline().strip()
        self.control = self.holder.stdout.readline().strip()
        assert self.control, "PostgreSQL does not start"

    def url(self, port=None, host="127.0.0.1"):
        return f"postgres://palimpsest@{host}:{port or self.port}/postgres"

    def start(self):
        subprocess.run([self.control, "start"], check=True)

    def stop(self):
        """Ends it as a power cut would."""
        subprocess.run([self.control, "stop"], check=True)

    def restart(self):
        subprocess.run([self.control, "restart"], check=True)

    def rows(self, statement):
        """The rows of a query, as texts."""
        done = subprocess.run(
            [
                "psql", "-X", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-h", self.folder,
                "-p", str(self.port), "-U", "palimpsest", "-d", "postgres",
                "-c", "SET search_path TO palimpsest", "-c", statement,
            ],
            capture_output=True,
            text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return [line.split("\t") for line in done.stdout.splitlines()[1:]]

    def age_notes(self):
        """Lets a day pass for the notes of blobs, but not for that of the storage's marker."""
        self.rows(
            "UPDATE blob_notes SET noted_at = noted_at - 86400001 "
            "WHERE owner <> 'cluster' RETURNING 1"
        )

    def notes(self):
        """How many blobs nodes have noted."""
        return int(self.value("SELECT count(*) FROM blob_notes WHERE owner <> 'cluster'"))

    def value(self, statement):
        return self.rows(statement)[0][0]

    def close(self):
        self.holder.stdin.close()
        self.holder.wait(timeout=60)


class Folder:
    """A folder that all nodes have mounted."""

    can_fail = False
    environment = {}

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "shared"
        self.folder.mkdir()
        self.url = f"file://{self.folder}"

    def names(self):
        """The names of all blobs."""
        files = (self.folder / "blobs").rglob("*")
        return {path.name for path in files if path.is_file()}

    def close(self):
        pass


class ObjectStore:
    """A server that speaks S3, behind a proxy, so that it is found again after each start."""

    can_fail = True
    environment = {
        "AWS_ACCESS_KEY_ID": "tests:blobs", "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-tests"
    }

    def __init__(self, folder, kind):
        self.folder = pathlib.Path(folder) / "objects"
        self.folder.mkdir()
        self.kind = kind
        self.programs = ROOT / ".venv-object-store/bin"
        self.proxy = Proxy(0)
        self.start()
        location = self.location
        self.url = location.replace(f":{self.proxy.target}", f":{self.proxy.port}")

    def start(self):
        log_path = self.folder.parent / "objects.log"
        with open(log_path, "ab") as log:
            self.server = subprocess.Popen(
                [SCRIPTS / "object-stores" / self.kind, "serve", self.folder],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,
                env=os.environ
                | self.environment
                | {"PATH": f"{self.programs}:{os.environ['PATH']}"},
            )
        self.location = self.server.stdout.readline().strip()
        assert self.location, f"{self.kind} does not start: {log_path.read_text()[-1000:]}"
        self.proxy.target = int(self.location.partition("://")[2].split(":")[2].split("&")[0])

    def kill(self):
        os.killpg(self.server.pid, signal.SIGKILL)
        self.server.wait()

    def names(self):
        """The names of all blobs, by the store's own listing."""
        region = "test-1" if self.kind == "swift" else "us-east-1"
        host = "localhost" if self.kind == "swift" else "127.0.0.1"
        options = {
            "TYPE": "s3", "PROVIDER": "Other", "REGION": region, "FORCE_PATH_STYLE": "true",
            "ENDPOINT": f"http://{host}:{self.proxy.target}",
            "ACCESS_KEY_ID": self.environment["AWS_ACCESS_KEY_ID"],
            "SECRET_ACCESS_KEY": self.environment["AWS_SECRET_ACCESS_KEY"],
        }  # fmt: skip
        done = subprocess.run(
            [
                self.programs / "rclone", "lsf", "--config", "/dev/null", "-R", "--files-only",
                "store:blobs/blobs",
            ],
            capture_output=True,
            text=True,
            env=os.environ | {f"RCLONE_CONFIG_STORE_{name}": it for name, it in options.items()},
        )  # fmt: skip
        # A bucket without a blob has no such folder.
        assert done.returncode in (0, 3), done.stderr
        return {line.rpartition("/")[2] for line in done.stdout.splitlines()}

    def close(self):
        self.kill()
        self.proxy.close()


class Node(Service):
    """A server or a worker, with a port that stays its own."""

    def __init__(self, cluster, name, role, database=None, blobs=None, extra=(), prefix=()):
        environment = {"PALIMPSEST_SET_ASIDE_SECONDS": "0", **cluster.store.environment}
        super().__init__(cluster.folder / name, None, extra, environment)
        self.cluster, self.name, self.role = cluster, name, role
        self.database = database or cluster.database.url()
        self.blobs = blobs or cluster.store.url
        self.prefix = list(prefix)
        self.binary = BINARY
        self.port = free_port()
        self.host = "127.0.0.1"

    @property
    def key(self):
        """The first server's key, since jobs are the key's that sent them."""
        return (self.cluster.servers[0].data / "admin-key").read_text().strip()

    @property
    def runs(self):
        return self.process is not None and self.process.poll() is None

    def start(self, ready=True):
        listen = "--bind" if self.role == "serve" else "--metrics-bind"
        command = [
            *self.prefix, self.binary, self.role, listen, f"{self.host}:{self.port}",
            "--data", self.data, "--node", self.name, "--workers", "1",
            "--database", self.database, "--blobs", self.blobs, *self.extra,
        ]  # fmt: skip
        with open(self.log_path, "ab") as log, open(self.banner_path, "wb") as banner:
            self.process = subprocess.Popen(
                command,
                stderr=log,
                stdout=banner,
                stdin=subprocess.DEVNULL,
                env=self.environment,
                # One that is stopped would bring a hangup upon its whole group, if nobody is left
                # who could let that go on.
                process_group=0,
            )
        if ready:
            self.wait_until_ready()
        return self

    def wait_until_ready(self):
        def is_ready():
            assert self.runs, f"{self.name} ended with {self.process.poll()}:\n{self.log()[-3000:]}"
            return self.curl("/readyz").status == 200

        self.wait_for(is_ready, f"{self.name} to be ready")

    def kill(self):
        if self.runs:
            super().kill()

    def freeze(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def thaw(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGCONT)


class Cluster:
    """Servers and workers on one database and one storage."""

    def __init__(
        self,
        folder,
        store="folder",
        servers=2,
        workers=3,
        extra=(),
        of_servers=(),
        database=None,
    ):
        self.folder = pathlib.Path(folder)
        self.database = database or Database()
        self.store = Folder(folder) if store == "folder" else ObjectStore(folder, store)
        self.servers = [
            Node(self, f"server-{number}", "serve", extra=[*extra, *of_servers])
            for number in range(servers)
        ]
        self.workers = [
            Node(self, f"worker-{number}", "worker", extra=extra) for number in range(workers)
        ]

    @property
    def nodes(self):
        return self.servers + self.workers

    def mix(self, other):
        """Has every second node run another binary."""
        for node in self.nodes[1::2]:
            node.binary = other

    def start(self):
        """Starts the first server, gives its key to the others, and starts those."""
        first, *others = self.servers
        first.start()
        for server in others:
            server.data.mkdir(mode=0o700)
            shutil.copy2(first.data / "signing-key", server.data)
        for node in [*others, *self.workers]:
            node.start(ready=False)
        for node in [*others, *self.workers]:
            node.wait_until_ready()
        return self

    def close(self):
        for node in self.nodes:
            if node.runs:
                node.thaw()
                node.kill()
        self.store.close()
        self.database.close()

    def leader(self):
        """The name of the node that leads, and how many milliseconds it still may."""
        rows = self.database.rows(
            "SELECT node, until - CAST(extract(epoch FROM clock_timestamp()) * 1000 AS bigint) "
            "FROM leaders"
        )
        return (rows[0][0], int(rows[0][1])) if rows else (None, 0)

    def logs(self, characters=1500):
        started = [node for node in self.nodes if node.log_path.exists()]
        return "\n".join(f"== {node.name}\n{node.log()[-characters:]}" for node in started)


def wait_for(condition, what, patience=PATIENCE):
    """Waits until a condition holds and returns how long that took."""
    begin = time.monotonic()
    while time.monotonic() - begin < patience:
        if condition():
            return time.monotonic() - begin
        time.sleep(0.1)
    raise AssertionError(f"waited {patience} s in vain for {what}")
