"""An asynchronous standby is promoted that lacks the last moments: what is lost, and what is not."""

import hashlib
import json
import time

from events import Listener
from load import HATS, Load, codecs_stopped, holders, total, upload
from nodes import Cluster, wait_for
from promises import orphans
from service import FIXTURES
from standby import Replicated

PLANE, PARROTS = FIXTURES / "plane.jpg", FIXTURES / "parrots.jpg"


def test_an_asynchronous_standby_lacks_only_what_was_told_last(tmp_path):
    cluster = Cluster(tmp_path, servers=1, workers=1, database=Replicated(is_synchronous=False))
    # As it is by default: for a week.
    kept = cluster.servers[0].environment.pop("PALIMPSEST_SET_ASIDE_SECONDS")
    try:
        cluster.start()
        with Load(cluster) as load:
            moments = Moments(cluster, load)
            moments.before()
            moments.last_moments()
            moments.after()
        moments.find_lost()
        moments.audit()
        cluster.servers[0].environment["PALIMPSEST_SET_ASIDE_SECONDS"] = kept
        moments.sweep()
    except BaseException:
        print(cluster.logs())
        raise
    finally:
        cluster.close()


class Moments:
    """A cluster whose standby learns nothing any more, and is promoted some moments later."""

    def __init__(self, cluster, load):
        self.cluster, self.load = cluster, load
        self.server, self.worker = cluster.servers[0], cluster.workers[0]

    def told_since(self, begin):
        """The jobs that were sent and told since a moment."""
        jobs = self.load.ledger.jobs
        return [job for job in jobs if job.id is not None and job.sent > begin]

    def alone(self, job):
        """The hashes of the pictures that are in no other job."""
        pictures = self.load.ledger.pictures
        hashes = {hashlib.sha256(it).hexdigest() for _, it in job.images if it not in pictures.stock}
        return hashes & pictures.readable

    def before(self):
        """What the standby has, and when it heard nothing more."""
        cluster, server = self.cluster, self.server
        self.erased = upload(server, PLANE).fields["location"]
        assert server.finished(self.erased)["state"] == "done"
        self.revoked = self.make_key("revoked")
        wait_for(lambda: len(self.told_since(0)) > 5, "uploads to be taken")
        with codecs_stopped(cluster.nodes):
            wait_for(lambda: len(holders(cluster)) == 2, "both nodes to work on something")
            self.photos = upload(server, *[HATS] * 4).fields["location"]
            self.erased_early = upload(server, PARROTS).fields["location"]
            self.level = time.monotonic()
            cluster.database.wait_until_level(cluster.database.position())
            cluster.database.stream.stall()
            self.broken = time.monotonic()
            assert server.get(self.erased_early, "--request", "DELETE").status == 204

    def last_moments(self):
        """What only the primary has."""
        cluster, server = self.cluster, self.server
        self.listener = Listener(server, self.photos)
        assert self.listener.connect() == 200
        assert sorted(hear(self.listener)) == [1, 2, 3, 4]
        assert server.get(self.erased, "--request", "DELETE").status == 204
        assert server.get(f"{self.revoked['path']}/revoke", "--request", "POST").status == 200
        self.new_key = self.make_key("new")
        wait_for(lambda: len(self.told_since(self.broken)) > 5, "more uploads to be taken")
        wait_for(lambda: any(map(self.alone, self.told_since(self.broken))), "a photo sent once")
        with codecs_stopped(cluster.nodes):
            self.lost = upload(server, *[HATS] * 4, label="lost").fields["location"]
            wait_for(lambda: len(holders(cluster)) == 2, "both nodes to work on something")
            cluster.database.kill()
            self.ended = time.monotonic()
            cluster.database.promote()
            for node in cluster.nodes:
                node.wait_until_ready()
            # This client was told more than the database knows now.
            assert self.listener.last_id == "4.end" and self.listener.connect() == 200

    def after(self):
        server = self.server
        wait_for(lambda: len(self.told_since(self.ended)) > 5, "new uploads to be taken")
        wait_for(lambda: "too late" in self.worker.log(), "results without a claim to come")
        assert sorted(hear(self.listener)) == [1, 2, 3, 4], self.listener.heard
        assert server.get(self.lost).status == 404
        assert server.curl("/v1/jobs", key=self.revoked["secret"]).status == 200
        assert server.curl("/v1/jobs", key=self.new_key["secret"]).status == 401

    def make_key(self, name):
        document = json.dumps({"name": name, "scopes": ["read"]})
        made = self.server.get("/v1/keys", "--json", document)
        assert made.status == 201, made
        return {"secret": made.json["secret"], "path": made.fields["location"]}

    def find_lost(self):
        """Finds which jobs are lost: those that were told last, and their files are kept."""
        cluster, server, jobs = self.cluster, self.server, self.load.ledger.jobs
        told = [job for job in jobs if job.id is not None]
        lost = [job for job in told if server.get(f"/v1/jobs/{job.id}").status == 404]
        assert all(job.told > self.level and job.sent < self.ended for job in lost)
        alone = [job for job in self.told_since(self.broken) if job.told < self.ended]
        assert alone and all(job in lost for job in alone)
        # One that begins to lead looks for files without a row.
        assert server.stop() == 0
        cluster.database.age_notes()
        server.start()
        wait_for(lambda: cluster.database.notes() == 0, "lapsed notes to be forgotten")
        files = {hashlib.sha256(content).hexdigest() for job in lost for _, content in job.images}
        assert files & self.load.ledger.pictures.readable <= cluster.store.names()
        # Nobody has its file but this one, which is given up; the others are sent again.
        given_up = next(job for job in lost if self.alone(job))
        jobs.remove(given_up)
        for job in lost:
            job.id = None
        self.kept = self.alone(given_up)
        print(f"{len(lost)} of {len(told)} jobs were lost with {len(files)} different files")

    def audit(self):
        cluster, server = self.cluster, self.server
        # Erased jobs are back, without their files.
        assert server.get(f"{self.erased}/images/1.png").json["code"] == "storage_missing"
        assert server.finished(self.erased_early)["state"] == "failed"
        (image,) = server.get(f"{self.erased_early}/images").json["images"]
        assert image["error"]["code"] == "storage_missing", image
        assert server.finished(self.photos)["state"] == "done"
        for path in (self.erased, self.erased_early, self.photos):
            assert server.get(path, "--request", "DELETE").status == 204
        took = self.load.audit()
        # What was worked on when the stream broke is given back by its lease.
        most = "SELECT max(interruptions) FROM images"
        assert int(cluster.database.value(most)) <= 1
        print(
            f"all work had ended after {took:.1f} s, "
            f"{total(cluster, 'interruptions')} images were interrupted"
        )

    def sweep(self):
        """The files of what is lost go when they are not to be kept."""
        assert self.kept <= orphans(self.cluster)
        assert self.server.stop() == 0
        self.cluster.database.age_notes()
        self.server.start()
        wait_for(lambda: not orphans(self.cluster), "the sweep of orphans")


def hear(listener):
    """Hears a job to its end on a connection; returns which images have ended."""
    heard = list(listener.events())
    assert heard[-1].name == "end", heard
    return [event.json["number"] for event in heard if event.name == "image"]
