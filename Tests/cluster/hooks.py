"""A receiver of webhooks for a cluster, and whether each end of a job was told it once."""

import json

from nodes import wait_for
from receiver import Receiver


class Hooks:
    """A receiver, and how servers may reach it."""

    def __init__(self):
        self.receiver = Receiver()
        self.options = [
            "--webhooks", "on", "--webhook-local-hosts", f"127.0.0.1:{self.receiver.port}"
        ]  # fmt: skip

    def ask(self, server):
        """Has the ends of jobs told to the receiver."""
        document = json.dumps({"url": f"http://127.0.0.1:{self.receiver.port}/hooks"})
        made = server.get("/v1/webhook", "--request", "PUT", "--json", document)
        assert made.status == 201, made

    def told(self):
        """The message that was received on each job; one that comes again has its identifier."""
        with self.receiver.arrived:
            received = list(self.receiver.received)
        told = {}
        for _, fields, body in received:
            event, id = json.loads(body), fields["webhook-id"]
            assert event["type"] == "job.finished", event
            assert told.setdefault(event["data"]["id"], id) == id, f"{event} was told anew"
        return told

    def audit(self, database, jobs):
        """Each of these jobs has one message, and what was told is what the database has.

        Messages go out one a second, so that not all of them are waited for.
        """
        rows = database.rows("SELECT CAST(data AS json)->>'id', id FROM webhook_messages")
        kept = {}
        for job, message in rows:
            kept.setdefault(job, []).append(message)
        assert {job: kept.get(job) for job in jobs if len(kept.get(job, [])) != 1} == {}
        for job, message in self.told().items():
            assert job not in jobs or kept[job] == [message], f"{job}: {message}"
        heard = len(self.told())
        wait_for(lambda: len(self.told()) > min(heard, len(kept) - 1), "messages to go out")

    def close(self):
        self.receiver.close()
