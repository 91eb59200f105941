"""Records what clients were promised, and checks whether it was kept.

The ledger knows only what came over HTTP; the audit also inspects the data folder.
"""

import hashlib
import http.client
import io
import json
import random
import sqlite3
import threading
import uuid

import numpy as np
from PIL import Image

# Each fails a request without telling whether the server carried it out.
UNKNOWN = (OSError, http.client.HTTPException, json.JSONDecodeError)


class Job:
    """A request for a job, repeated under its idempotency key until it is answered."""

    def __init__(self, images, has_previews):
        self.key = str(uuid.uuid4())
        # Class and bytes of each.
        self.images = images
        self.has_previews = has_previews
        self.id = None
        self.is_cancelled = False
        # Requested; the outcome is unknown until `is_deleted`.
        self.to_delete = False
        self.is_deleted = False

    def form(self):
        boundary = "palimpsest-crash"
        parts = []
        for index, (label, content) in enumerate(self.images):
            parts.append(
                f'--{boundary}\r\nContent-Disposition: form-data; name="class"\r\n\r\n{label}\r\n'
                f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
                f'filename="{index + 1}.png"\r\n\r\n'.encode()
                + content
                + b"\r\n"
            )
        return (
            b"".join(parts) + f"--{boundary}--\r\n".encode(),
            f"multipart/form-data; boundary={boundary}"
        )


class Pictures:
    """Small pictures, and occasionally an invalid file. Some recur, as in real use."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        generator = np.random.default_rng(seed)
        self.stock = []
        for size in [(32, 32)] * 4 + [(48, 40), (96, 128), (200, 150)]:
            for _ in range(3):
                file = io.BytesIO()
                noise = generator.integers(
                    0, 256, (size[1] // 8 + 1, size[0] // 8 + 1, 3), dtype=np.uint8
                )
                picture = Image.fromarray(noise).resize(size, Image.BICUBIC)
                picture.save(file, self.random.choice(["PNG", "JPEG"]))
                self.stock.append(file.getvalue())
        self.readable = {hashlib.sha256(content).hexdigest() for content in self.stock}

    def is_readable(self, content):
        return hashlib.sha256(content).hexdigest() in self.readable

    def some(self):
        """The images of a job."""
        images = []
        for _ in range(self.random.choice([1, 1, 2, 3, 6])):
            content = self.random.choice(self.stock)
            if self.random.random() < 0.08:
                content = content[: len(content) // 2]
            images.append((self.random.choice(["birds", "cars", "trees"]), content))
        return images

    def are_wanted_small(self):
        """Whether a job requests previews."""
        return self.random.random() < 0.3


class Ledger:
    """All promises of one data folder."""

    def __init__(self, service, pictures):
        self.service = service
        self.pictures = pictures
        self.lock = threading.Lock()
        self.jobs = []
        # (class, input) of an image -> its output, for all time.
        self.outputs = {}
        self.answers = {}

    # ---- Requests ----

    def request(self, method, path, body=None, fields=None):
        """One request on its own connection; raises one of UNKNOWN without a complete answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=60)
        try:
            connection.request(
                method,
                path,
                body,
                {"Authorization": f"Bearer {self.service.key}", **(fields or {})},
            )
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        with self.lock:
            self.answers[response.status] = self.answers.get(response.status, 0) + 1
        # Between two runs of the server, another program may use its port.
        if response.status == 401 or "Content-Security-Policy" not in response.headers:
            raise http.client.HTTPException("not the server")
        return response.status, response.headers, content

    def send(self, job):
        """Sends a job; returns whether it was accepted."""
        body, media_type = job.form()
        path = f"/v1/jobs?mode=sample-wise&preview={str(job.has_previews).lower()}"
        status, _, content = self.request(
            "POST", path, body, {"Content-Type": media_type, "Idempotency-Key": job.key}
        )
        if status not in (200, 202):
            assert status in (503, 507), f"a job was answered with {status} {content}"
            return False
        document = json.loads(content)
        with self.lock:
            assert job.id in (None, document["id"]), "one idempotency key made two jobs"
            job.id = document["id"]
        return True

    def change(self, job):
        """Cancels or deletes a job as marked; repeats a deletion that was not answered."""
        if job.to_delete:
            status, _, content = self.request("DELETE", f"/v1/jobs/{job.id}")
            assert status in (204, 404, 503, 507), (status, content)
            job.is_deleted = status in (204, 404)
        else:
            job.is_cancelled = True
            status, _, content = self.request("POST", f"/v1/jobs/{job.id}/cancel")
            assert status in (200, 503, 507), (status, content)

    def note(self, label, content, output):
        """Records an image's output, which must never change."""
        name = (label, hashlib.sha256(content).hexdigest())
        with self.lock:
            assert self.outputs.setdefault(name, output) == output, (
                f"{name} was protected twice, with different bytes"
            )

    def look(self, job):
        """Fetches and checks what is done of a job."""
        status, _, content = self.request("GET", f"/v1/jobs/{job.id}/images?limit=100")
        if status == 404:
            assert job.to_delete, f"{job.id} is lost"
            return
        assert status in (200, 503), (status, content)
        for image in json.loads(content)["images"] if status == 200 else []:
            if image["state"] == "done":
                label, original = job.images[image["number"] - 1]
                self.note(label, original, image["report"]["output_sha256"])

    # ---- The audit ----

    def audit(self):
        """Checks every promise once all faults are over. Returns how many images were set aside."""
        for job in self.jobs:
            while job.id is None:
                self.send(job)
            if job.to_delete and not job.is_deleted:
                self.change(job)
        set_aside = sum(self.audit_job(job) for job in self.jobs if not job.to_delete)
        kept = {job.id for job in self.jobs if not job.to_delete}
        assert self.listed() == kept, "there are jobs that nobody asked for, or some are lost"
        return set_aside

    def audit_job(self, job):
        document = self.service.finished(f"/v1/jobs/{job.id}")
        assert document["counts"]["total"] == len(job.images), document
        images = json.loads(self.request("GET", f"/v1/jobs/{job.id}/images?limit=100")[2])["images"]
        assert [image["number"] for image in images] == list(range(1, len(job.images) + 1))
        set_aside = 0
        for image, (label, original) in zip(images, job.images):
            assert image["class"] == label
            state = image["state"]
            if state == "done":
                self.audit_output(job, image, label, original)
            elif state == "failed":
                code = image["error"]["code"]
                assert not self.pictures.is_readable(original) or code == "image_unchanged", image
            elif state == "quarantined":
                set_aside += 1
            else:
                assert state == "cancelled" and job.is_cancelled, image
        # The key still identifies this job.
        before = job.id
        assert self.send(job) and job.id == before
        return set_aside

    def audit_output(self, job, image, label, original):
        status, _, png = self.request("GET", f"/v1/jobs/{job.id}/images/{image['number']}.png")
        assert status == 200
        digest = hashlib.sha256(png).hexdigest()
        assert digest == image["report"]["output_sha256"]
        assert hashlib.sha256(original).hexdigest() == image["report"]["input_sha256"]
        self.note(label, original, digest)
        before = np.asarray(Image.open(io.BytesIO(original)).convert("RGB"), np.int16)
        after = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.int16)
        assert 0 < np.abs(after - before).max() <= 8
        for name in ("before", "after") if job.has_previews else ():
            status, _, jpeg = self.request(
                "GET", f"/v1/jobs/{job.id}/images/{image['number']}/{name}.jpg"
            )
            assert status == 200, (status, jpeg[:500])
            assert Image.open(io.BytesIO(jpeg)).format == "JPEG"

    def listed(self):
        """The ids of all jobs that the server lists."""
        found, cursor = set(), ""
        while cursor is not None:
            status, _, content = self.request("GET", f"/v1/jobs?limit=500{cursor}")
            assert status == 200
            page = json.loads(content)
            found |= {job["id"] for job in page["jobs"]}
            cursor = f"&cursor={page['next_cursor']}" if page.get("next_cursor") else None
        return found


def audit_database(folder):
    """Checks a stopped service's data folder from outside: SQLite's own checks, and counts."""
    database = sqlite3.connect(folder / "palimpsest.sqlite")
    try:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        states = ("queued", "running", "done", "failed", "quarantined", "cancelled")
        for state in states:
            wrong = database.execute(
                f"SELECT seq FROM jobs WHERE expired_at IS NULL AND {state}_count <> "
                "(SELECT count(*) FROM images WHERE job = seq AND state = ?)",
                (state,),
            ).fetchall()
            assert wrong == [], f"the count of {state} images is wrong in {wrong}"
        twice = database.execute(
            "SELECT tenant, key FROM idempotency GROUP BY tenant, key HAVING count(*) > 1"
        ).fetchall()
        assert twice == []
    finally:
        database.close()


def audit_files(folder):
    """Every file belongs to a row, every row has its files, and each file's name is its hash."""
    database = sqlite3.connect(folder / "palimpsest.sqlite")
    try:
        referenced = {
            bytes(row[0]).hex()
            for table, column in [
                ("images", "input_sha256"), ("images", "output_sha256"), ("attachments", "sha256")
            ]
            for row in database.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
        }
        running = database.execute(
            "SELECT count(*) FROM images WHERE state IN ('queued', 'running')"
        ).fetchone()[0]
    finally:
        database.close()
    assert running == 0, f"{running} images are stuck"
    files = {path.name: path for path in (folder / "blobs").rglob("*") if path.is_file()}
    assert set(files) == referenced, (
        f"{len(set(files) - referenced)} orphans, {len(referenced - set(files))} files lost"
    )
    for name, path in files.items():
        assert hashlib.sha256(path.read_bytes()).hexdigest() == name
    assert list((folder / "tmp").iterdir()) == []
    # Files written just before a kill are set aside, complete and without an owner.
    for path in (folder / "set-aside").glob("*"):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == path.name
        assert path.name not in referenced
