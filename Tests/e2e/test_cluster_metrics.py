"""The metrics of real nodes: what each tells of itself, and what one tells of all."""

import re

import pytest
from measured import Measured
from objects import Objects
from postgres import Postgres
from service import FIXTURES

# What is read from the database, and the same whoever reads it.
OF_THE_CLUSTER = re.compile(
    r"palimpsest_(cluster_|jobs\b|images\b|images_ended_total|queue_oldest|database_size)"
)
SAMPLE = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")


def samples(node):
    """Every sample of a node, by its name and labels."""
    found = {}
    for line in node.metrics().splitlines():
        if not line.startswith("#"):
            name, labels, value = SAMPLE.fullmatch(line).groups()
            pairs = frozenset(re.findall(r'(\w+)="([^"]*)"', labels or ""))
            assert (name, pairs) not in found, f"{line} is there twice"
            found[name, pairs] = float(value)
    return found


def total(nodes, name, **labels):
    """The sum over nodes of all series with some labels, as `sum` in Prometheus makes it."""
    return sum(
        value
        for node in nodes
        for (other, pairs), value in samples(node).items()
        if other == name and labels.items() <= dict(pairs).items()
    )


def leaders(nodes):
    return [node for node in nodes if total([node], "palimpsest_node_leads") == 1]


@pytest.fixture
def cluster(tmp_path):
    """Two servers and a worker, on a database and an object store that can fail."""
    postgres = Postgres()
    objects = Objects()
    options = ["--database", postgres.database(), "--blobs", objects.url]
    nodes = []

    def start(name, role="serve"):
        data = tmp_path / name
        if nodes:
            data.mkdir(mode=0o700)
            key = data / "signing-key"
            key.write_bytes((nodes[0].data / "signing-key").read_bytes())
            key.chmod(0o600)
        node = Measured(
            data, *options, "--node", name, role=role, environment=objects.environment
        )
        nodes.append(node)
        node.name = name
        return node.start()

    start("one")
    start("two")
    start("worker", role="worker")
    start.nodes, start.postgres, start.objects = nodes, postgres, objects
    yield start
    for node in nodes:
        if node.process.poll() is None:
            node.kill()
    objects.stop()
    postgres.stop()


def protect(server, key):
    form = ["-F", "class=hat", "-F", f"file=@{FIXTURES / 'hats.png'}"]
    job = server.curl("/v1/jobs", *form, key=key)
    assert job.status == 202, job
    path = f"/v1/jobs/{job.json['id']}?wait=60"
    server.wait_for(
        lambda: server.curl(path, key=key).json["state"] == "done", "the job to be done"
    )


def test_what_is_of_the_cluster_is_told_once_and_goes_on_when_the_leader_stops(cluster):
    one, two, worker = nodes = cluster.nodes
    key = one.key
    for server in (one, two, one):
        protect(server, key)
    assert leaders(nodes) == [one]
    told = [{name for name, _ in samples(node) if OF_THE_CLUSTER.match(name)} for node in nodes]
    assert len(told[0]) == 9 and told[1:] == [set(), set()]
    # A sum is right for both kinds.
    assert total(nodes, "palimpsest_images_ended_total", state="done") == 3
    assert total(nodes, "palimpsest_images", state="done") == 3
    assert total(nodes, "palimpsest_image_attempts_total", outcome="protected") == 3
    assert total(nodes, "palimpsest_cluster_nodes") == 3
    assert total(nodes, "palimpsest_cluster_nodes", role="worker") == 1
    assert 1 <= total(nodes, "palimpsest_cluster_database_connections") < 500
    assert total(nodes, "palimpsest_cluster_database_connections_max") == 500
    for node, role in (one, "server"), (two, "server"), (worker, "worker"):
        own = {"node": node.name, "role": role, "database": "postgres", "blobs": "s3"}
        assert total([node], "palimpsest_node_info", **own) == 1
        assert ("palimpsest_node_leads", frozenset()) in samples(node) or node is worker
        assert total([node], "palimpsest_database_listening") == 1
        assert total([node], "palimpsest_database_transactions_total", outcome="done") > 0
        assert total([node], "palimpsest_database_connections_max") == 8
        # All three are on this machine.
        assert abs(total([node], "palimpsest_database_clock_offset_seconds")) < 5
    assert total(nodes, "palimpsest_database_hints_heard_total", about="work") > 0
    assert total(nodes, "palimpsest_object_store_requests_total", operation="put") >= 6
    assert total(nodes, "palimpsest_object_store_failures_total") == 0

    # A node that stops takes its leave; one that dies is missed.
    worker.kill()
    assert one.stop() == 0, one.log()
    two.wait_for(lambda: leaders([two]), "the other to lead")
    silence = "palimpsest_cluster_node_silence_seconds"
    assert total([two], silence, node="one") == 0
    two.wait_for(
        lambda: total([two], silence, node="worker") > 31, "the worker to be missed"
    )
    assert total([two], "palimpsest_cluster_nodes") == 1
    assert total([two], "palimpsest_images_ended_total", state="done") == 3
    assert two.stop() == 0, two.log()


def test_nodes_tell_of_themselves_while_what_they_share_is_away(cluster):
    nodes = cluster.nodes
    one = nodes[0]
    key = one.key
    protect(one, key)
    cluster.objects.is_failing = True
    form = ["-F", "class=hat", "-F", f"file=@{FIXTURES / 'hats.png'}"]
    assert one.curl("/v1/jobs", *form, key=key).status == 503
    assert total([one], "palimpsest_object_store_failures_total", operation="put") >= 1
    assert total([one], "palimpsest_object_store_retries_total", operation="put") >= 4
    assert total([one], "palimpsest_object_store_requests_total", status="503") >= 5
    cluster.objects.is_failing = False
    protect(one, key)

    cluster.postgres.control("stop")
    for node in nodes:
        node.wait_for(
            lambda node=node: total([node], "palimpsest_database_silence_seconds") > 20,
            "the database to be missed",
        )
        assert total([node], "palimpsest_database_transactions_total", outcome="lost") > 0
        assert not [name for name, _ in samples(node) if OF_THE_CLUSTER.match(name)]
    assert not leaders(nodes)
    cluster.postgres.control("start")
    one.wait_for(lambda: leaders(nodes), "a server to lead again")
    assert total(nodes, "palimpsest_images_ended_total", state="done") == 2
    one.wait_for(
        lambda: all(total([node], "palimpsest_database_silence_seconds") < 6 for node in nodes),
        "all to have the database again",
    )
