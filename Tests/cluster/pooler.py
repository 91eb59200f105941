"""pgbouncer between nodes and PostgreSQL."""

import contextlib
import os
import pathlib
import shutil
import socket
import subprocess

import pytest
from nodes import Cluster, free_port, wait_for
from standby import AS_OWNER

# Debian has it where only root looks.
PROGRAM = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")


class Pooler:
    """A pgbouncer with a port that stays its own."""

    def __init__(self, database, mode="session"):
        if PROGRAM is None:
            pytest.skip("there is no pgbouncer; scripts/install-packages test installs it")
        self.port = free_port()
        # The user that PostgreSQL runs as may write there.
        folder = pathlib.Path(database.folder)
        self.settings, self.log_path = folder / "pgbouncer.ini", folder / "pgbouncer.log"
        # What docs/cluster.md says, but for the addresses and that nobody needs a password here.
        self.settings.write_text(
            f"""
[databases]
postgres = host=127.0.0.1 port={database.port} user=palimpsest
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {self.port}
unix_socket_dir =
auth_type = any
logfile = {self.log_path}
pool_mode = {mode}
default_pool_size = 100
max_client_conn = 500
"""
        )
        self.settings.chmod(0o644)
        self.start()

    def start(self):
        as_owner = AS_OWNER if os.geteuid() == 0 else []
        self.process = subprocess.Popen(
            [*as_owner, PROGRAM, "-q", self.settings], stderr=subprocess.DEVNULL
        )
        wait_for(self.listens, "pgbouncer to listen")

    def listens(self):
        assert self.process.poll() is None, self.log_path.read_text()[-2000:]
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        self.kill()


@contextlib.contextmanager
def behind_pooler(folder, mode="session"):
    """A cluster, not yet started, whose nodes reach PostgreSQL through a pooler, and the pooler."""
    with contextlib.closing(Cluster(folder, workers=2)) as cluster:
        with contextlib.closing(Pooler(cluster.database, mode)) as pooler:
            for node in cluster.nodes:
                node.database = cluster.database.url(pooler.port)
            yield cluster, pooler
