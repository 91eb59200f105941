"""Clients that never give up, a server that dies again and again, and an audit of what is left."""

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
import pathlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))

from faults import Faults
from ledger import UNKNOWN, Job, Ledger, Pictures, audit_database, audit_files
from service import BINARY, Service

CLIENTS = 3
# Per client; with more open jobs it waits for some to end.
OPEN_JOBS = 10


class Campaign:
    """One data folder and everything done to it."""

    def __init__(self, folder, seed, with_faults=False, options=()):
        self.folder = pathlib.Path(folder)
        self.random = random.Random(seed)
        self.seed = seed
        data = self.folder / "data"
        self.faults = Faults(self.folder, data) if with_faults else None
        environment = self.faults.environment if with_faults else None
        self.service = Service(data, None, ["--log-level", "notice", *options], environment)
        self.ledger = Ledger(self.service, Pictures(seed))
        self.stop_clients = threading.Event()
        self.faults_of_clients = []
        self.kills = {"server": 0, "codec": 0, "both": 0}

    # ---- Clients ----

    def client(self, number):
        choose = random.Random(f"{self.seed} {number}")
        mine = []
        try:
            while not self.stop_clients.is_set():
                try:
                    self.step(choose, mine)
                except UNKNOWN:
                    time.sleep(0.02)
        except BaseException as error:  # noqa: BLE001 - it is raised in the main thread
            self.faults_of_clients.append(error)

    def step(self, choose, mine):
        unanswered = next((job for job in mine if job.id is None), None)
        undeleted = next((job for job in mine if job.to_delete and not job.is_deleted), None)
        if undeleted:
            self.ledger.change(undeleted)
        elif unanswered:
            self.ledger.send(unanswered)
        elif len(mine) < OPEN_JOBS:
            job = Job(self.ledger.pictures.some(), self.ledger.pictures.are_wanted_small())
            with self.ledger.lock:
                self.ledger.jobs.append(job)
            mine.append(job)
            self.ledger.send(job)
        else:
            job = choose.choice(mine)
            action = choose.random()
            if action < 0.08:
                job.to_delete = True
                self.ledger.change(job)
            elif action < 0.16 and not job.to_delete:
                self.ledger.change(job)
            elif not job.to_delete:
                self.ledger.look(job)
            if choose.random() < 0.3:
                # From now on only the audit looks at it.
                mine.remove(job)

    @contextlib.contextmanager
    def clients(self):
        self.stop_clients.clear()
        threads = [
            threading.Thread(target=self.client, args=(number,)) for number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop_clients.set()
            for thread in threads:
                thread.join()
        if self.faults_of_clients:
            raise self.faults_of_clients[0]

    # ---- What goes wrong ----

    def kill_once(self):
        """Kills the server, a codec process or both, and restarts the server if it ended."""
        time.sleep(self.random.random() ** 2)
        what = self.random.choices(["server", "codec", "both"], [6, 2, 2])[0]
        if what != "server":
            codecs = self.service.codecs()
            if codecs:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self.random.choice(codecs), signal.SIGKILL)
        if what != "codec":
            self.service.kill()
            audit_database(self.service.data)
            if self.random.random() < 0.2:
                self.kill_at_start()
            self.service.start(ready=False)
        self.kills[what] += 1
        if self.faults_of_clients:
            raise self.faults_of_clients[0]

    def kill_at_start(self):
        """Kills a server that has just started."""
        command = [
            *map(str, [BINARY, "serve", "--bind", "127.0.0.1:0", "--data", self.service.data])
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(self.random.random() * 0.3)
        process.kill()
        process.wait()

    # ---- The audit ----

    def audit(self):
        """Waits for all work to end, checks every promise, returns how many images were set aside.

        Only crashes set images aside, so there are no more of them than kills. A failing disk or a
        changed clock sets nothing aside.
        """
        if self.service.process.poll() is not None:
            raise AssertionError(f"the server has ended:\n{self.service.log()[-4000:]}")
        self.service.wait_for(
            lambda: self.service.curl("/readyz").status == 200, "/readyz to answer 200"
        )
        set_aside = self.ledger.audit()
        assert set_aside <= sum(self.kills.values()), f"{set_aside} images were set aside"
        assert self.ledger.outputs, "nothing was protected"
        assert self.service.stop() == 0, self.service.log()[-4000:]
        # The next start removes unreferenced files.
        self.service.start()
        assert self.service.stop() == 0
        audit_database(self.service.data)
        audit_files(self.service.data)
        return set_aside

    def close(self):
        if self.service.process is not None and self.service.process.poll() is None:
            self.service.kill()

    def summary(self, set_aside):
        jobs = self.ledger.jobs
        images = sum(len(job.images) for job in jobs)
        kills = ", ".join(f"{count} {what}" for what, count in self.kills.items() if count)
        return (
            f"kills: {kills or 'none'}; {len(jobs)} jobs with {images} images, "
            f"{sum(job.to_delete for job in jobs)} deleted, "
            f"{sum(job.is_cancelled for job in jobs)} cancelled; {len(self.ledger.outputs)} "
            f"different images protected, {set_aside} set aside after crashes; answers "
            f"{dict(sorted(self.ledger.answers.items()))}"
        )


def kills(folder, count, seed, report=lambda line: None):
    """`count` kills -9 at random moments, with an audit every hundred."""
    campaign = Campaign(folder, seed)
    try:
        campaign.service.start()
        done = 0
        while done < count:
            with campaign.clients():
                for _ in range(min(100, count - done)):
                    campaign.kill_once()
                    done += 1
            set_aside = campaign.audit()
            report(f"after {done}: {campaign.summary(set_aside)}")
            if done < count:
                campaign.service.start()
    finally:
        campaign.close()
    return campaign.summary(set_aside)


def failing_disk(folder, error, seed, rounds=4, share=0.3, seconds=1.5):
    """Several rounds with clients and a failing disk; the server recovers without a restart."""
    campaign = Campaign(folder, seed, with_faults=True)
    try:
        campaign.service.start()
        with campaign.clients():
            for number in range(rounds):
                # From occasional failures to permanent ones.
                with campaign.faults.disk(error, share if number % 2 else 1.0):
                    time.sleep(seconds)
                    assert campaign.service.process.poll() is None, campaign.service.log()[-4000:]
                time.sleep(seconds)
        return campaign.summary(campaign.audit())
    finally:
        campaign.close()


def clock_set(folder, offsets, seed, seconds=1.5):
    """Changes the wall clock while the server runs, and before a start."""
    campaign = Campaign(folder, seed, with_faults=True)
    try:
        campaign.service.start()
        with campaign.clients():
            for number, offset in enumerate(offsets):
                campaign.faults.set_clock(offset)
                time.sleep(seconds)
                if number % 2:
                    campaign.service.kill()
                    campaign.service.start(ready=False)
        return campaign.summary(campaign.audit())
    finally:
        campaign.close()
