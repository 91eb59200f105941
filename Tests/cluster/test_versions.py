"""Two versions side by side: nodes are changed one after the other, and a later schema is there.

The other version is that of PALIMPSEST_OTHER_BINARY, or this one.
"""

import contextlib
import os

from load import Load, codecs_stopped, holders, total
from nodes import Cluster, wait_for
from service import BINARY

OTHER = os.environ.get("PALIMPSEST_OTHER_BINARY", BINARY)


def test_an_upgrade_of_one_node_after_the_other_costs_nobody_anything(tmp_path):
    with contextlib.closing(Cluster(tmp_path, workers=2)) as cluster:
        for node in cluster.nodes:
            node.binary = OTHER
        for worker in cluster.workers:
            # Codecs that do not answer are given up after a second.
            worker.extra = ["--drain-seconds", "1"]
        cluster.start()
        with Load(cluster) as load:
            for node in cluster.nodes:
                if node in cluster.workers:
                    stop_at_work(cluster, node)
                assert node.stop() == 0, node.log()[-3000:]
                load.wait_for_uploads()
                node.binary = BINARY
                node.start()
                load.wait_for_uploads()
        load.audit()
        statuses = [status for _, _, status in load.requests]
        # Clients send again what was refused. A connection that the kernel took when nobody was
        # there any more to accept it is reset.
        assert set(statuses) <= {-1, 0, 202, 503} and statuses.count(-1) <= len(cluster.servers)
        # An image that has to wait for its lease counts an interruption.
        assert total(cluster, "interruptions") == 0 and total(cluster, "errors") == 0


def stop_at_work(cluster, node):
    """Stops a node that has claimed photos and does not get on with them."""
    with codecs_stopped([node]):
        wait_for(lambda: node.name in holders(cluster), f"{node.name} to claim a photo")
        assert node.stop() == 0, node.log()[-3000:]
    assert node.name not in holders(cluster), "a claim was not given back"


def test_a_later_schema_is_served_if_it_allows_this_version(tmp_path):
    with contextlib.closing(Cluster(tmp_path, workers=2)) as cluster:
        cluster.start()
        with Load(cluster) as load:
            load.wait_for_uploads()
            take_later_step(cluster.database)
            load.wait_for_uploads()
            for node in (cluster.servers[0], cluster.workers[0]):
                assert node.stop() == 0
                node.start()
                load.wait_for_uploads()
            # The same without that permission.
            cluster.database.rows(
                f"UPDATE schema_migrations SET oldest_binary = version WHERE version = {LATER}"
            )
            for node in (cluster.servers[0], cluster.workers[0]):
                assert node.stop() == 0
                refused(node)
            # Those that run go on.
            load.wait_for_uploads()
            cluster.database.rows(
                f"UPDATE schema_migrations SET oldest_binary = 1 WHERE version = {LATER}"
            )
            cluster.servers[0].start()
        load.audit()
        assert total(cluster, "interruptions") == 0 and total(cluster, "errors") == 0


LATER = 99


def take_later_step(database):
    """Does what a later version would: a column, a table, and what it says of older versions."""
    database.rows("ALTER TABLE jobs ADD COLUMN later text")
    database.rows("ALTER TABLE images ADD COLUMN later text")
    database.rows("CREATE TABLE later_things (name text PRIMARY KEY)")
    database.rows(
        "INSERT INTO schema_migrations (version, name, sha256, applied_at, oldest_binary) "
        f"VALUES ({LATER}, 'postgres_{LATER}_later', '\\x00', 0, 1)"
    )


def refused(node):
    """Starts a node in vain, which says why."""
    node.start(ready=False)
    assert node.process.wait(timeout=60) != 0
    assert f"schema version {LATER}" in node.log()[-1000:], node.log()[-1000:]
    assert "use a newer one" in node.log()[-1000:]
