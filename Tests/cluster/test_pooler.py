"""Nodes that reach PostgreSQL through pgbouncer."""

import subprocess

import pytest
from kills import Campaign
from load import upload
from pooler import behind_pooler
from service import FIXTURES

PLANE = FIXTURES / "plane.jpg"


def test_a_pooler_in_session_mode_serves_a_cluster(tmp_path):
    with behind_pooler(tmp_path) as (cluster, pooler):
        cluster.start()
        assert "palimpsest_work" in heard(cluster, pooler)
        Campaign(cluster, 2, report=print).work()


def heard(cluster, pooler):
    """What somebody hears of an upload who listens through the pooler, as nodes do."""
    listener = subprocess.Popen(
        [
            "psql", "-XAt", "-h", "127.0.0.1", "-p", str(pooler.port), "-U", "palimpsest",
            "postgres",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
    )  # fmt: skip
    listener.stdin.write("LISTEN palimpsest_work;\n\\echo listens\n")
    while listener.stdout.readline().strip() != "listens":
        pass
    server = cluster.servers[0]
    path = upload(server, PLANE).fields["location"]
    assert server.finished(path)["state"] == "done"
    assert server.get(path, "--request", "DELETE").status == 204
    return listener.communicate("SELECT 1;\n", timeout=60)[0]


def test_a_pooler_in_transaction_mode_is_refused(tmp_path):
    with behind_pooler(tmp_path, "transaction") as (cluster, _):
        with pytest.raises(AssertionError, match="must be in session mode"):
            cluster.start()
