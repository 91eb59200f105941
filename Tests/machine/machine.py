"""A bare Debian 12 that systemd-nspawn boots: its own systemd, processes and network."""

import os
import pathlib
import shutil
import subprocess
import time

RELEASE = "bookworm"
# systemd as it boots, and nothing else that the smallest Debian lacks.
PACKAGES = "dbus,systemd,systemd-sysv"
PATIENCE = 60


def run(*command, check=True, **options):
    """Runs a program of this machine."""
    result = subprocess.run(
        list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, check=False,
        timeout=600, **{"text": True, **options},
    )  # fmt: skip
    assert not check or result.returncode == 0, (command, result.stdout, result.stderr)
    return result


def bare_debian(folder):
    """Makes the smallest Debian in a folder, unless it is there."""
    if not (folder / "etc/debian_version").exists():
        unfinished = folder.with_suffix(".new")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        run("debootstrap", "--variant=minbase", f"--include={PACKAGES}", RELEASE, unfinished)
        unfinished.rename(folder)
    return folder


class Machine:
    """A machine that is made of a copy of a folder."""

    def __init__(self, base: pathlib.Path, root: pathlib.Path):
        self.root = root
        run("cp", "--archive", "--reflink=auto", base, root)
        self.nspawn = None
        self.leader = None

    def prepare(self, *command):
        """Runs a program in the machine before it boots, with the network of this one."""
        run(
            "systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--pipe",
            "--setenv=DEBIAN_FRONTEND=noninteractive", "-D", self.root, *command,
        )  # fmt: skip

    def boot(self):
        """Boots, without any network but its own loopback."""
        self.log = (self.root.parent / "boot.log").open("wb")
        self.nspawn = subprocess.Popen(
            [
                "systemd-nspawn", "--register=no", "--keep-unit", "--private-network", "--boot",
                "--console=read-only", "-D", self.root,
            ],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
        )  # fmt: skip
        self.leader = self.wait_for(self.find_leader)
        self.wait_for(lambda: self.run("systemctl", "is-active", "basic.target", check=False))
        return self

    def find_leader(self):
        children = pathlib.Path(f"/proc/{self.nspawn.pid}/task/{self.nspawn.pid}/children")
        numbers = children.read_text().split() if self.nspawn.poll() is None else []
        comm = [pathlib.Path(f"/proc/{number}/comm").read_text().strip() for number in numbers]
        return numbers[0] if comm == ["systemd"] else None

    def wait_for(self, look):
        """What `look` returns, once that is neither nothing nor a failure."""
        deadline = time.monotonic() + PATIENCE
        while True:
            found = look()
            if found and getattr(found, "returncode", 0) == 0:
                return found
            assert time.monotonic() < deadline, self.what_happened()
            time.sleep(0.1)

    def what_happened(self):
        boot = (self.root.parent / "boot.log").read_text(errors="replace")
        if not self.leader:
            return boot
        return self.run("journalctl", "--no-pager", "--lines=60", check=False).stdout

    def run(self, *command, check=True, **options):
        """Runs a program of the machine, as its root."""
        inside = ["nsenter", "--target", self.leader, "--all", "--"]
        environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8",
                       "DEBIAN_FRONTEND=noninteractive"]  # fmt: skip
        return run(*inside, *environment, *command, check=check, **options)

    def text(self, *command):
        return self.run(*command).stdout.strip()

    def curl(self, url, *options, check=True, **more):
        """Asks the machine's loopback, by the curl of this machine."""
        command = ["curl", "--silent", "--show-error", "--max-time", str(PATIENCE)]
        inside = ["nsenter", "--target", self.leader, "--net", "--"]
        return run(*inside, *command, *options, url, check=check, **more)

    def path(self, path):
        """A file of the machine, as this one sees it."""
        return self.root / path.lstrip("/")

    def stop(self):
        if self.nspawn:
            # The machine's systemd powers off by this signal.
            if self.leader and self.nspawn.poll() is None:
                os.kill(int(self.leader), 38)  # SIGRTMIN+4
            try:
                self.nspawn.wait(60)
            except subprocess.TimeoutExpired:
                self.nspawn.kill()
                self.nspawn.wait()
            self.log.close()
