"""A primary that is lost under load while a synchronous standby has all that was told."""

import contextlib
import time

from hooks import Hooks
from kills import Campaign
from nodes import Cluster, wait_for
from standby import Replicated


def test_a_synchronous_standby_has_all_that_was_told(tmp_path):
    with contextlib.closing(Hooks()) as hooks:
        cluster = Cluster(tmp_path, workers=2, extra=hooks.options, database=Replicated())
        campaign = Campaign(cluster, 1, report=print)
        try:
            cluster.start()
            hooks.ask(cluster.servers[0])
            fail_over(campaign, hooks)
        except BaseException:
            print(cluster.logs())
            raise
        finally:
            campaign.close()


def fail_over(campaign, hooks):
    cluster, ledger = campaign.cluster, campaign.ledger
    with campaign.clients():
        wait_for(lambda: len(ledger.jobs) > 20 and ledger.outputs, "work to go on")
        cluster.database.kill()
        begin = time.monotonic()
        told = len(ledger.jobs)
        cluster.database.promote()
        wait_for(lambda: len(ledger.jobs) > told + 10, "uploads to be taken again")
        back = time.monotonic() - begin
    campaign.settle()
    assert campaign.restarts == 0
    kept = {job.id for job in ledger.jobs if not job.to_delete} - ledger.retried
    hooks.audit(cluster.database, kept)
    assert campaign.audit() == 0
    print(f"ten uploads were taken within {back:.1f} s; {campaign.summary(0)}")
