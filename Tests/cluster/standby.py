"""A PostgreSQL server with a standby that follows it, by PostgreSQL's own programs."""

import os
import pathlib
import subprocess

from nodes import Database, free_port, wait_for
from proxy import Proxy

# PostgreSQL does not run as root; scripts/with-postgres does the same.
AS_OWNER = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]


class Server:
    """A data folder with a port of its own."""

    def __init__(self, programs, folder, port):
        self.programs, self.folder, self.port = pathlib.Path(programs), folder, port
        self.log_path = folder.with_suffix(".log")

    def run(self, program, *arguments):
        """Runs one of PostgreSQL's programs as the user who owns the data; returns its output."""
        as_owner = AS_OWNER if os.geteuid() == 0 else []
        done = subprocess.run(
            [*as_owner, self.programs / program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=self.folder.parent,
        )
        assert done.returncode == 0, f"{program} {arguments}: {done.stdout}\n{self.log()}"
        return done.stdout

    def control(self, *arguments):
        self.run("pg_ctl", "-D", self.folder, "-w", "-t", "120", *arguments)

    def start(self):
        options = (
            f"-c listen_addresses=127.0.0.1 -c port={self.port} -c max_connections=500 "
            f"-c unix_socket_directories={self.folder.parent}"
        )
        self.control("-l", self.log_path, "-o", options, "start")

    def kill(self):
        """Ends it as a power cut would."""
        self.control("-m", "immediate", "stop")

    def log(self):
        return self.log_path.read_text(errors="replace")[-2000:] if self.log_path.exists() else ""


class Replicated(Database):
    """A primary and its standby; the log goes from one to the other through a proxy."""

    def __init__(self, is_synchronous=True):
        super().__init__()
        self.is_synchronous = is_synchronous
        programs = self.value("SELECT setting FROM pg_config WHERE name = 'BINDIR'")
        self.primary = Server(programs, pathlib.Path(self.folder) / "cluster", self.port)
        self.standby = None
        self.ports = [self.port, free_port()]
        self.stream = Proxy(self.port)
        self.made = 0
        self.follow()

    def url(self, port=None, host="127.0.0.1"):
        """Names both hosts; whoever connects finds the one that takes writes."""
        hosts = ",".join(f"{host}:{port}" for port in ([port] if port else self.ports))
        return f"postgres://palimpsest@{hosts}/postgres"

    # ---- Following ----

    def follow(self):
        """Makes a standby of the primary, and waits until it has all that the primary has."""
        self.made += 1
        port = next(port for port in self.ports if port != self.primary.port)
        folder = self.primary.folder.parent / f"standby-{self.made}"
        self.standby = Server(self.primary.programs, folder, port)
        self.stream.target = self.primary.port
        self.stream.mend()
        self.standby.run(
            "pg_basebackup", "-D", folder, "-R", "-X", "stream", "-c", "fast", "--no-sync",
            "-d", f"host=127.0.0.1 port={self.stream.port} user=palimpsest",
        )  # fmt: skip
        self.standby.start()
        self.wait_until_level(self.position())
        if self.is_synchronous:
            self.wait_for_standbys("*")
            synchronous = "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'"
            wait_for(lambda: self.value(synchronous) == "1", "the standby to be synchronous")

    def wait_for_standbys(self, names):
        """Has commits wait for standbys of these names."""
        self.value(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        self.value("SELECT pg_reload_conf()")
        shown = "SHOW synchronous_standby_names"
        wait_for(lambda: self.value(shown) == names, "the setting to be read")

    def position(self):
        """The end of the primary's log, which a commit has just brought to the disk."""
        self.value("SELECT pg_logical_emit_message(true, 'tests', '')")
        return self.value("SELECT pg_current_wal_flush_lsn()")

    def wait_until_level(self, position):
        """Waits until the standby has the log up to a position."""
        level = f"SELECT count(*) FROM pg_stat_replication WHERE flush_lsn >= '{position}'"
        wait_for(lambda: self.value(level) == "1", f"the standby to be level\n{self.standby.log()}")

    # ---- Failing over ----

    def kill(self):
        """Ends the primary as a power cut would, and what is on its way to the standby."""
        self.primary.kill()
        self.stream.refuse()

    def promote(self):
        """Makes the standby the primary, without a standby."""
        self.standby.control("promote")
        self.primary, self.standby, self.port = self.standby, None, self.standby.port

    def restart(self):
        """Ends the primary, promotes the standby, and makes another one."""
        self.kill()
        self.promote()
        self.follow()

    def close(self):
        for server in (self.standby, self.primary):
            if server is not None and (server.folder / "postmaster.pid").exists():
                server.kill()
        self.stream.close()
        super().close()
