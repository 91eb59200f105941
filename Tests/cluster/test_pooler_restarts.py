"""pgbouncer ends under load, and comes back."""

import time

from kills import Campaign
from pooler import behind_pooler


def test_a_pooler_may_end_under_load(tmp_path):
    with behind_pooler(tmp_path) as (cluster, pooler):
        campaign = Campaign(cluster.start(), 3, report=print)

        def restart():
            for _ in range(3):
                pooler.kill()
                # What nodes do meanwhile is not to depend on how long it lasts.
                time.sleep(campaign.random.random() * 2)
                pooler.start()
                campaign.wait_for_uploads()

        campaign.work(restart)
