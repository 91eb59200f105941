"""What clients of a cluster were promised, and whether it was kept.

The ledger knows only what came over HTTP from any of the servers; the audit looks into the database
and the storage as well.
"""

import concurrent.futures
import contextlib
import hashlib
import http.client
import io
import json
import threading
import time

from ledger import UNKNOWN, Job, Ledger, Pictures
from PIL import Image

ENDED = ("done", "failed", "cancelled")
# What every storage of a cluster has, whatever its database.
MARK = hashlib.sha256(b"This storage of photos is that of a Palimpsest cluster.\n").hexdigest()
# What says that a server or what it needs is away, and that nothing has happened.
AWAY = (429, 503, 507)


class ClusterPictures(Pictures):
    """Pictures of which many occur once, so that nothing else keeps their files."""

    def some(self):
        images = super().some()
        if self.random.random() < 0.5:
            file = io.BytesIO()
            noise = bytes(self.random.randrange(256) for _ in range(8 * 8 * 3))
            Image.frombytes("RGB", (8, 8), noise).resize((32, 32), Image.BICUBIC).save(file, "PNG")
            self.readable.add(hashlib.sha256(file.getvalue()).hexdigest())
            images.append(("birds", file.getvalue()))
        return images


class Servers:
    """Any server of a cluster, another one at each request."""

    def __init__(self, cluster, choose):
        self.cluster, self.choose = cluster, choose

    @property
    def port(self):
        return self.choose.choice(self.cluster.servers).port

    @property
    def key(self):
        return self.cluster.servers[0].key

    def finished(self, path):
        return self.choose.choice(self.cluster.servers).finished(path)


class ClusterLedger(Ledger):
    """All promises of a cluster."""

    def __init__(self, cluster, seed, choose):
        super().__init__(Servers(cluster, choose), ClusterPictures(seed))
        self.cluster = cluster
        # Uploads without an Idempotency-Key whose outcome nobody knows.
        self.unknown_uploads = 0
        # What event streams told: job -> image -> states, in the order of their telling.
        self.told = {}
        # The jobs of which images may end more than once.
        self.retried = set()

    # ---- Requests ----

    def send_once(self, images):
        """Sends a job without an Idempotency-Key; returns it if it was accepted."""
        job = Job(images, False)
        body, media_type = job.form()
        try:
            status, _, content = self.request(
                "POST", "/v1/jobs?mode=sample-wise", body, {"Content-Type": media_type}
            )
        except UNKNOWN:
            with self.lock:
                self.unknown_uploads += 1
            return None
        if status not in (200, 202):
            assert status in AWAY, (status, content)
            # A commit whose answer was lost may have made it.
            with self.lock:
                self.unknown_uploads += 1
            return None
        job.id, job.key = json.loads(content)["id"], None
        with self.lock:
            self.jobs.append(job)
        return job

    def send(self, job):
        if job.key is None:
            return True
        return super().send(job)

    def send_twice(self, job):
        """Sends the same request to servers at the same time, as an impatient client does."""

        def send():
            with contextlib.suppress(*UNKNOWN):
                self.send(job)

        faults = []

        def noting():
            try:
                send()
            except AssertionError as error:
                faults.append(error)

        threads = [threading.Thread(target=noting) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if faults:
            raise faults[0]

    def retry(self, job):
        """Has the images that failed tried again."""
        with self.lock:
            self.retried.add(job.id)
        status, _, content = self.request("POST", f"/v1/jobs/{job.id}/retry")
        # 409: it is not finished, or nothing failed.
        assert status in (200, 202, 409, 410, *AWAY), (status, content)

    def archive(self, job):
        """Reads a job's archive to its end."""
        status, _, content = self.request("GET", f"/v1/jobs/{job.id}/archive.zip")
        assert status in (200, 404, 409, *AWAY), (status, content[:300])
        assert status != 404 or job.to_delete, content

    def listen(self, job, is_over):
        """Hears a job to its end, at one server after the other."""
        last, told = None, self.told.setdefault(job.id, {})
        while not is_over():
            try:
                for name, data, last_id in self.events(job, last, is_over):
                    last = last_id or last
                    if name == "image":
                        told.setdefault(data["number"], []).append(data["state"])
                    if name == "end":
                        return
            except UNKNOWN:
                time.sleep(0.1)
            except Gone:
                return

    def events(self, job, last, is_over):
        """The events of one connection: their names, data and ids."""
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=30)
        fields = {"Authorization": f"Bearer {self.service.key}"}
        if last is not None:
            fields["Last-Event-ID"] = last
        try:
            connection.request("GET", f"/v1/jobs/{job.id}/events", headers=fields)
            answer = connection.getresponse()
            if answer.status in (204, 404, 410):
                assert answer.status == 204 or job.to_delete, f"{job.id} is lost"
                raise Gone
            if answer.status != 200:
                assert answer.status in AWAY, (answer.status, answer.read())
                raise http.client.HTTPException("not now")
            name, data, id = "message", None, None
            while (line := answer.readline()) and not is_over():
                field, _, value = line.decode().strip().partition(": ")
                if not field and data is not None:
                    yield name, json.loads(data), id
                    name, data, id = "message", None, None
                elif field == "event":
                    name = value
                elif field == "data":
                    data = value
                elif field == "id":
                    id = value
        finally:
            connection.close()

    # ---- The audit ----

    def wait_until_ended(self, patience):
        """Waits for all work to end, and returns how long that took."""
        begin = time.monotonic()
        unfinished = "SELECT count(*) FROM jobs WHERE finished_at IS NULL AND expired_at IS NULL"
        while self.cluster.database.value(unfinished) != "0":
            waited = time.monotonic() - begin
            if waited > patience:
                left = self.cluster.database.rows(
                    "SELECT job, number, state, attempt, errors, crashes, interruptions, "
                    "lease_owner, last_fault FROM images WHERE state IN ('queued', 'running')"
                )
                raise AssertionError(
                    f"not all work has ended after {waited:.0f} s: {left[:20]}\n"
                    f"{self.cluster.logs()}"
                )
            time.sleep(0.2)
        return time.monotonic() - begin

    def audit(self):
        """Checks every promise once all work has ended; returns how many were set aside."""
        for job in self.jobs:
            while job.id is None:
                self.send(job)
            while job.to_delete and not job.is_deleted:
                self.change(job)
        self.wait_until_ended(120)
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            kept_jobs = [job for job in self.jobs if not job.to_delete]
            set_aside = sum(pool.map(self.audit_job, kept_jobs))
        kept = {job.id for job in kept_jobs}
        surplus = len(self.listed() - kept)
        assert kept <= self.listed(), "jobs are lost"
        assert surplus <= self.unknown_uploads, f"{surplus} jobs that nobody asked for"
        self.audit_told()
        return set_aside

    def audit_told(self):
        """What an event stream told still holds, and was told once."""
        wanted = {job.id for job in self.jobs if not job.to_delete and job.id not in self.retried}
        for id, told in self.told.items():
            if id not in wanted:
                continue
            status, _, content = self.request("GET", f"/v1/jobs/{id}/images?limit=100")
            assert status == 200
            states = {it["number"]: it["state"] for it in json.loads(content)["images"]}
            for number, heard in told.items():
                assert heard == [states[number]], f"{id} {number}: told {heard}, is {states}"


class Gone(Exception):
    """There is nothing more to hear of a job."""


def audit_tables(database):
    """Checks what the rows say, whatever was promised."""
    states = ("queued", "running", "done", "failed", "quarantined", "cancelled")
    for state in states:
        wrong = database.rows(
            f"SELECT seq FROM jobs WHERE expired_at IS NULL AND {state}_count <> "
            f"(SELECT count(*) FROM images WHERE job = seq AND state = '{state}')"
        )
        assert wrong == [], f"the count of {state} images is wrong in {wrong}"
    unfinished = database.value("SELECT count(*) FROM images WHERE state IN ('queued', 'running')")
    assert unfinished == "0", f"{unfinished} images are stuck"
    # No image ends done twice, and endings have no gap unless an image was tried again.
    assert [] == database.rows(
        "SELECT id, done_endings, done_count FROM jobs WHERE expired_at IS NULL "
        "AND done_endings <> done_count"
    )
    assert [] == database.rows(
        "SELECT jobs.id, count(*), max(ending) FROM images JOIN jobs ON job = seq "
        "WHERE done_endings + failed_endings + quarantined_endings + cancelled_endings = "
        "done_count + failed_count + quarantined_count + cancelled_count "
        "GROUP BY jobs.id HAVING count(DISTINCT ending) <> count(*) OR max(ending) <> count(*)"
    )


def quarantined(database):
    """Why images were set aside: how many by crashes, and the faults of the others."""
    rows = database.rows(
        "SELECT crashes, interruptions, failure_code, last_fault FROM images "
        "WHERE state = 'quarantined'"
    )
    return len(rows), [row for row in rows if int(row[0]) == 0]


def referenced(database):
    """The names of all blobs that a row refers to."""
    return {
        row[0]
        for row in database.rows(
            "SELECT encode(input_sha256, 'hex') FROM images WHERE input_sha256 IS NOT NULL "
            "UNION SELECT encode(output_sha256, 'hex') FROM images WHERE output_sha256 IS NOT NULL "
            "UNION SELECT encode(sha256, 'hex') FROM attachments"
        )
    }


def audit_blobs(cluster):
    """Each row's blobs are there."""
    lost = referenced(cluster.database) - cluster.store.names()
    assert not lost, f"{len(lost)} blobs are lost: {sorted(lost)[:5]}"


def orphans(cluster):
    """The blobs without a row, but for the marks by which nodes know their storage and others'."""
    kept = {cluster.database.value("SELECT value FROM cluster WHERE name = 'storage'"), MARK}
    return (
        {name for name in cluster.store.names() if len(name) == 64}
        - referenced(cluster.database)
        - kept
    )
