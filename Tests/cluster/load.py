"""Clients that upload all the time while a test does something to a cluster."""

import contextlib
import hashlib
import os
import random
import signal
import threading
import time
import uuid

from ledger import UNKNOWN, Job
from nodes import LEASE, wait_for
from promises import ClusterLedger, audit_blobs, audit_tables, quarantined
from service import FIXTURES

# Large enough to be claimed alone.
HATS = FIXTURES / "hats.png"


class Load:
    """Clients that upload small jobs, each until it is accepted, and note how requests ended."""

    def __init__(self, cluster, seed=1, clients=3, pause=0.1):
        self.cluster = cluster
        self.ledger = ClusterLedger(cluster, seed, random.Random(seed))
        self.clients, self.pause = clients, pause
        self.ends = threading.Event()
        # The begin, duration and status of each upload: 0 if nobody listened, -1 if it was cut off.
        self.requests = []
        self.faults = []

    def client(self):
        ledger = self.ledger
        while not self.ends.is_set():
            job = Job(ledger.pictures.some(), False)
            with ledger.lock:
                ledger.jobs.append(job)
            while job.id is None and not self.ends.is_set():
                begin = time.monotonic()
                try:
                    status = 202 if ledger.send(job) else 503
                    job.sent, job.told = begin, time.monotonic()
                except ConnectionRefusedError:
                    status = 0
                except UNKNOWN:
                    status = -1
                self.requests.append((begin, time.monotonic() - begin, status))
                time.sleep(self.pause)

    def noting(self):
        try:
            self.client()
        except BaseException as error:  # noqa: BLE001 - it is raised in the main thread
            self.faults.append(error)

    def __enter__(self):
        self.threads = [threading.Thread(target=self.noting) for _ in range(self.clients)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ends.set()
        for thread in self.threads:
            thread.join()
        if self.faults:
            raise self.faults[0]

    def wait_for_uploads(self, count=5):
        """Waits until jobs have been accepted that were not sent before."""
        before = time.monotonic()

        def are_accepted():
            if self.faults:
                raise self.faults[0]
            return sum(begin > before for begin, _, status in self.requests if status == 202) > count

        wait_for(are_accepted, "uploads to be accepted")

    def between(self, begin, end):
        """The durations and statuses of the uploads that began in a period."""
        return [(took, status) for at, took, status in self.requests if begin <= at < end]

    def audit(self, patience=LEASE + 30):
        """Everything ends once, and no image pays for what went wrong; returns how long it took."""
        for job in self.ledger.jobs:
            while job.id is None:
                self.ledger.send(job)
        took = self.ledger.wait_until_ended(patience)
        assert self.ledger.audit() == 0
        audit_all(self.cluster)
        return took


def audit_all(cluster):
    audit_tables(cluster.database)
    audit_blobs(cluster)
    assert quarantined(cluster.database) == (0, [])
    assert total(cluster, "crashes") == 0


def total(cluster, column):
    """The sum of a column of all images."""
    return int(cluster.database.value(f"SELECT coalesce(sum({column}), 0) FROM images"))


def upload(node, *files, key=None, label="planes"):
    arguments = ["--header", f"Idempotency-Key: {key or uuid.uuid4()}"]
    for file in files:
        arguments += ["--form", f"file=@{file}"]
    return node.get(f"/v1/jobs?class={label}&mode=sample-wise", *arguments)


def outputs(node, path):
    """The SHA-256 of each picture of a job."""
    images = node.get(f"{path}/images").json["images"]
    return [
        hashlib.sha256(node.get(f"{path}/images/{image['number']}.png").body).hexdigest()
        for image in images
    ]


def holders(cluster):
    """The number of each image that is worked on, by the name of its node."""
    rows = cluster.database.rows(
        "SELECT split_part(lease_owner, '/', 1), id FROM images WHERE state = 'running'"
    )
    return {name: id for name, id in rows}


@contextlib.contextmanager
def codecs_stopped(nodes):
    """Keeps the codecs of nodes from working; the nodes claim photos nevertheless."""
    stopped = [pid for node in nodes for pid in node.codecs()]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in stopped:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)
