"""A primary that is lost under load while a synchronous standby has all that was told."""

import contextlib

from hooks import Hooks
from kills import Campaign
from nodes import Cluster
from standby import Replicated


def test_a_synchronous_standby_has_all_that_was_told(tmp_path):
    with contextlib.closing(Hooks()) as hooks:
        cluster = Cluster(tmp_path, workers=2, of_servers=hooks.options, database=Replicated())
        with contextlib.closing(cluster.start()):
            hooks.ask(cluster.servers[0])
            campaign = Campaign(cluster, 1, report=print)
            campaign.work(lambda: fail_over(cluster.database))
            ledger = campaign.ledger
            kept = {job.id for job in ledger.jobs if not job.to_delete} - ledger.retried
            hooks.audit(cluster.database, kept)


def fail_over(database):
    database.kill()
    database.promote()
