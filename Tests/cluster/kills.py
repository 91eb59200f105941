"""Clients that never give up, a cluster of which anything may end at any time, and an audit."""

import contextlib
import os
import random
import signal
import threading
import time

from ledger import UNKNOWN, Job
from nodes import LEASE, wait_for
from promises import ClusterLedger, audit_blobs, audit_tables, orphans, quarantined

CLIENTS = 3
OPEN_JOBS = 8
# What a node may say when it gives up its start, because what it needs was just ended.
AWAY = ("cannot be reached", "cannot be used")


class Campaign:
    """A cluster and everything done to it."""

    def __init__(self, cluster, seed, report=lambda line: None):
        self.seed = seed
        self.random = random.Random(seed)
        self.report = report
        self.cluster = cluster
        self.ledger = ClusterLedger(self.cluster, seed, random.Random(f"{seed} servers"))
        self.stop_clients = threading.Event()
        self.faults = []
        self.listeners = []
        self.kills = dict.fromkeys(["server", "worker", "codec", "database", "store", "freeze"], 0)
        self.frozen = None
        self.restarts = 0

    # ---- Clients ----

    def noting(self, body, *arguments):
        """Runs what a thread is for; the main thread raises what it meets."""
        try:
            body(*arguments)
        except BaseException as error:  # noqa: BLE001 - it is raised in the main thread
            self.faults.append(error)

    def client(self, number):
        choose = random.Random(f"{self.seed} {number}")
        mine = []
        while not self.stop_clients.is_set():
            try:
                self.step(choose, mine)
            except UNKNOWN:
                time.sleep(0.05)

    def step(self, choose, mine):
        ledger = self.ledger
        unanswered = next((job for job in mine if job.id is None), None)
        undeleted = next((job for job in mine if job.to_delete and not job.is_deleted), None)
        if undeleted:
            ledger.change(undeleted)
            if not undeleted.is_deleted:
                time.sleep(0.1)
        elif unanswered:
            if not ledger.send(unanswered):
                time.sleep(0.1)
        elif len(mine) < OPEN_JOBS:
            if choose.random() < 0.15:
                job = ledger.send_once(ledger.pictures.some())
                if job is not None:
                    mine.append(job)
                return
            job = Job(ledger.pictures.some(), ledger.pictures.are_wanted_small())
            with ledger.lock:
                ledger.jobs.append(job)
            mine.append(job)
            if choose.random() < 0.2:
                ledger.send_twice(job)
            else:
                ledger.send(job)
            if job.id is not None and choose.random() < 0.5:
                self.hear(job)
        else:
            self.act(choose, choose.choice(mine), mine)

    def act(self, choose, job, mine):
        ledger, action = self.ledger, choose.random()
        if job.to_delete:
            mine.remove(job)
            return
        if action < 0.06:
            job.to_delete = True
            ledger.change(job)
        elif action < 0.12:
            ledger.change(job)
        elif action < 0.18:
            ledger.retry(job)
        elif action < 0.26:
            ledger.archive(job)
        elif action < 0.36 and job.key is not None:
            # A repeated request must find its job, or the ledger complains.
            ledger.send(job)
        else:
            ledger.look(job)
        if choose.random() < 0.3:
            # From now on only the audit looks at it.
            mine.remove(job)
        time.sleep(0.02)

    def hear(self, job):
        if sum(thread.is_alive() for thread in self.listeners) > 8:
            return
        thread = threading.Thread(
            target=self.noting, args=(self.ledger.listen, job, self.stop_clients.is_set)
        )
        self.listeners.append(thread)
        thread.start()

    @contextlib.contextmanager
    def clients(self):
        self.stop_clients.clear()
        threads = [
            threading.Thread(target=self.noting, args=(self.client, number))
            for number in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self.stop_clients.set()
            for thread in threads + self.listeners:
                thread.join()
        self.raise_fault()

    def raise_fault(self):
        if self.faults:
            raise self.faults[0]

    # ---- What goes wrong ----

    def kill_once(self, may_freeze):
        time.sleep(self.random.random() ** 2)
        what = self.random.choices(
            ["server", "worker", "codec", "database", "store", "freeze"], [5, 5, 5, 2, 2, 1]
        )[0]
        if what == "store" and not self.cluster.store.can_fail:
            what = "server"
        if what == "freeze" and (not may_freeze or self.frozen is not None):
            what = "worker"
        if self.kill(what):
            self.kills[what] += 1
        self.supervise()
        self.raise_fault()

    def kill(self, what):
        cluster = self.cluster
        if what == "database":
            cluster.database.restart()
        elif what == "store":
            cluster.store.kill()
            time.sleep(self.random.random())
            cluster.store.start()
        elif what == "codec":
            codecs = [pid for node in cluster.nodes if node.runs for pid in node.codecs()]
            if not codecs:
                return False
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.random.choice(codecs), signal.SIGKILL)
        elif what == "freeze":
            self.frozen = self.random.choice(cluster.workers)
            self.frozen.freeze()
            self.thaw_at = time.monotonic() + LEASE + 5
        else:
            node = self.random.choice(cluster.servers if what == "server" else cluster.workers)
            if node is self.frozen:
                return False
            node.kill()
            time.sleep(self.random.random())
            node.start(ready=False)
        return True

    def supervise(self):
        """Starts again what gave up its start, and lets a frozen worker go on."""
        if self.frozen is not None and time.monotonic() > self.thaw_at:
            self.thaw()
        for node in self.cluster.nodes:
            if node.runs:
                continue
            words = node.banner_path.read_text() + node.log()[-2000:]
            assert any(away in words for away in AWAY), f"{node.name} has ended:\n{words}"
            self.restarts += 1
            node.start(ready=False)

    def thaw(self):
        if self.frozen is not None:
            self.frozen.thaw()
            self.frozen = None

    # ---- The audit ----

    def settle(self):
        """Waits until all that was accepted has ended, as it must soon after the last kill."""
        self.thaw()
        begin = time.monotonic()
        self.supervise()
        took = self.ledger.wait_until_ended(LEASE + 10)
        for node in self.cluster.nodes:
            self.supervise()
            node.wait_until_ready()
        self.report(f"all work ended {took:.1f} s after the last kill")
        return time.monotonic() - begin

    def audit(self):
        self.ledger.audit()
        audit_tables(self.cluster.database)
        audit_blobs(self.cluster)
        count, without_crash = quarantined(self.cluster.database)
        assert not without_crash, f"set aside without a crash: {without_crash}"
        assert count <= self.kills["codec"] / 2, f"{count} images were set aside"
        assert self.ledger.outputs, "nothing was protected"
        self.sweep()
        return count

    def sweep(self):
        """Starts the servers again, so that one begins to lead and looks for orphans."""
        cluster = self.cluster
        for node in cluster.nodes:
            assert node.stop() == 0, node.log()[-3000:]
        # The notes of what was killed would keep its blobs for a day.
        cluster.database.age_notes()
        before = len(orphans(cluster))
        for node in cluster.servers:
            node.start()
        took = wait_for(lambda: not orphans(cluster), "the sweep of orphans", 60)
        wait_for(lambda: cluster.database.notes() == 0, "lapsed notes to be forgotten", 60)
        audit_blobs(cluster)
        self.report(f"{before} orphans were removed within {took:.1f} s")

    def work(self, meanwhile=lambda: None):
        """Has clients go on before, while and after something happens; then the audit."""
        try:
            with self.clients():
                self.wait_for_uploads()
                meanwhile()
                self.wait_for_uploads()
            self.settle()
            assert self.restarts == 0, "nodes have ended"
            assert self.audit() == 0
        except BaseException:
            self.report(self.cluster.logs())
            raise
        self.report(self.summary(0))

    def wait_for_uploads(self):
        """Waits until jobs have been accepted that were not sent before."""
        jobs = self.ledger.jobs
        before = len(jobs)

        def are_accepted():
            self.raise_fault()
            return sum(job.id is not None for job in jobs[before:]) > 15

        wait_for(are_accepted, "uploads to be accepted")

    def close(self):
        self.stop_clients.set()
        self.thaw()
        self.cluster.close()

    def summary(self, set_aside):
        ledger = self.ledger
        kills = ", ".join(f"{count} {what}" for what, count in self.kills.items() if count)
        return (
            f"kills: {kills}; starts given up and made again: {self.restarts}; "
            f"{len(ledger.jobs)} jobs with {sum(len(job.images) for job in ledger.jobs)} images, "
            f"{sum(job.to_delete for job in ledger.jobs)} erased, "
            f"{sum(job.is_cancelled for job in ledger.jobs)} cancelled, "
            f"{len(ledger.retried)} tried again, {len(ledger.told)} heard; "
            f"{len(ledger.outputs)} different images, {set_aside} set aside after crashes; "
            f"{ledger.unknown_uploads} uploads of unknown end; "
            f"answers {dict(sorted(ledger.answers.items()))}"
        )


def kills(cluster, count, seed, may_freeze=True, report=lambda line: None):
    """`count` kills of anything at random moments, then the audit."""
    campaign = Campaign(cluster, seed, report)
    try:
        campaign.cluster.start()
        worst, done = 0.0, 0
        while done < count:
            with campaign.clients():
                for _ in range(min(100, count - done)):
                    campaign.kill_once(may_freeze)
                    done += 1
            worst = max(worst, campaign.settle())
            report(f"after {done}: {campaign.kills}")
        set_aside = campaign.audit()
    except BaseException:
        report(campaign.cluster.logs())
        raise
    finally:
        campaign.close()
    return f"{campaign.summary(set_aside)}; at worst {worst:.1f} s until all had ended"
