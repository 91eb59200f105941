"""What a cluster does while its parts cannot reach each other, and afterwards."""

import threading
import time
import uuid

import pytest
from load import HATS, Load, audit_all, codecs_stopped, holders, outputs, total, upload
from nodes import LEASE, Cluster, wait_for
from promises import orphans
from proxy import Proxy, lose_answer_to_commit
from service import FIXTURES

PLANE = FIXTURES / "plane.jpg"


@pytest.fixture
def make_cluster(tmp_path):
    """Makes clusters, and ends them all."""
    made = []

    def make(*arguments, **options):
        made.append(Cluster(tmp_path, *arguments, **options))
        return made[-1]

    yield make
    for cluster in made:
        cluster.close()


def proxied(cluster, node):
    """Has a node reach PostgreSQL through a proxy of its own, which is returned."""
    proxy = Proxy(cluster.database.port)
    node.database = cluster.database.url(proxy.port)
    return proxy


def all_claimed(cluster):
    """Uploads a photo for each node, and waits until each has claimed one."""
    path = upload(cluster.servers[0], *[HATS] * len(cluster.nodes)).fields["location"]
    wait_for(lambda: len(holders(cluster)) == len(cluster.nodes), "each node to claim a photo", 30)
    return path


# ---- PostgreSQL ----


@pytest.mark.parametrize("way", ["stall", "refuse", "half_close"])
def test_a_worker_that_was_cut_off_too_long_throws_its_result_away(make_cluster, way):
    cluster = make_cluster(workers=1)
    server, worker = cluster.servers[0], cluster.workers[0]
    proxy = proxied(cluster, worker)
    cluster.start()
    with codecs_stopped(cluster.nodes):
        path = all_claimed(cluster)
        image = holders(cluster)[worker.name]
        getattr(proxy, way)()
        if way == "half_close":
            # What comes back finds the same.
            proxy.refuses = True
    wait_for(
        lambda: holders(cluster).get(worker.name) != image, "the lease to run out", LEASE + 10
    )
    assert server.finished(path)["state"] == "done"
    before = outputs(server, path)
    assert len(set(before)) == 1
    proxy.mend()
    wait_for(lambda: worker.curl("/readyz").status == 200, "the worker to be ready", 60)
    wait_for(lambda: "too late" in worker.log(), "the worker's result to be thrown away", 60)
    assert outputs(server, path) == before
    # It works on.
    with codecs_stopped(cluster.nodes):
        again = all_claimed(cluster)
    assert server.finished(again)["state"] == "done" and outputs(server, again) == before
    assert total(cluster, "interruptions") == 1
    audit_all(cluster)


def test_a_worker_that_was_frozen_too_long_throws_its_result_away(make_cluster):
    cluster = make_cluster(workers=1)
    server, worker = cluster.servers[0], cluster.workers[0]
    cluster.start()
    with codecs_stopped(cluster.nodes):
        path = all_claimed(cluster)
        worker.freeze()
    assert server.finished(path)["state"] == "done"
    before = outputs(server, path)
    worker.thaw()
    wait_for(lambda: "too late" in worker.log(), "the worker's result to be thrown away", 60)
    assert outputs(server, path) == before
    assert total(cluster, "interruptions") == 1
    audit_all(cluster)


@pytest.mark.parametrize("way", ["stop", "stall"])
def test_everything_waits_while_postgresql_is_away(make_cluster, way):
    cluster = make_cluster()
    proxies = [proxied(cluster, node) for node in cluster.nodes] if way == "stall" else []
    cluster.start()
    seconds = 110
    with Load(cluster) as load:
        time.sleep(5)
        begin = time.monotonic()
        if way == "stop":
            cluster.database.stop()
        for proxy in proxies:
            proxy.stall()
        for server in cluster.servers:
            wait_for(lambda: server.curl("/readyz").status == 503, "/readyz to answer 503", 60)
        refused = upload(cluster.servers[0], PLANE)
        assert refused.status == 503 and "retry-after" in refused.fields, refused
        assert refused.json["code"] == "store_down", refused
        time.sleep(max(0, begin + seconds - time.monotonic()))
        end = time.monotonic()
        if way == "stop":
            cluster.database.start()
        for proxy in proxies:
            proxy.mend()
        back = wait_for(
            lambda: all(node.curl("/readyz").status == 200 for node in cluster.nodes),
            "/readyz to answer 200", 60,
        )  # fmt: skip
        time.sleep(5)
    meanwhile = load.between(begin + 15, end - 15)
    assert meanwhile and {status for _, status in meanwhile} == {503}, meanwhile[:20]
    worst = max(took for took, _ in load.between(begin, end - 15))
    # Nobody tells of a stall; it shows by what does not come.
    assert worst < (25 if way == "stall" else 3), f"an upload waited {worst:.1f} s"
    took = load.audit()
    assert all(node.runs for node in cluster.nodes)
    interruptions = total(cluster, "interruptions")
    assert interruptions <= len(cluster.nodes), f"{interruptions} interruptions"
    assert total(cluster, "errors") == 0
    print(
        f"{way}: the slowest upload took {worst:.1f} s, all were ready after {back:.1f} s, all "
        f"work had ended after {took:.1f} s, {interruptions} interruptions"
    )


def test_another_node_leads_when_the_leader_is_cut_off(make_cluster):
    cluster = make_cluster(workers=1)
    proxies = {server.name: proxied(cluster, server) for server in cluster.servers}
    cluster.start()
    for way in ["stall", "refuse"]:
        wait_for(lambda: cluster.leader()[1] > 0, "a leader", 30)
        name = cluster.leader()[0]
        leader = next(server for server in cluster.servers if server.name == name)
        getattr(proxies[name], way)()
        took = wait_for(lambda: cluster.leader()[0] != name, "another leader", 30)
        assert took <= 21, f"another node leads after {took:.1f} s"
        proxies[name].mend()
        wait_for(lambda: leader.curl("/readyz").status == 200, "the old leader to be ready", 60)
        # It finds out that another one leads, and does not take the lead back.
        assert cluster.leader()[0] != name
        print(f"{way}: another node leads after {took:.1f} s")
    said = [
        line for server in cluster.servers for line in server.log().splitlines()
        if "this node leads" in line
    ]  # fmt: skip
    assert len(said) == 3, said


def test_a_commit_whose_answer_is_lost_makes_one_job(make_cluster):
    cluster = make_cluster(workers=1)
    server, other = cluster.servers
    proxy = proxied(cluster, server)
    cluster.start()
    has_lost = lose_answer_to_commit(proxy, b"INSERT INTO jobs")
    key = str(uuid.uuid4())
    first = upload(server, PLANE, key=key)
    assert has_lost.is_set()
    assert first.status in (202, 503), first
    again = upload(other, PLANE, key=key)
    assert again.status in (200, 202), again
    if first.status == 202:
        assert first.json["id"] == again.json["id"]
    assert cluster.database.value("SELECT count(*) FROM jobs") == "1"
    assert other.finished(again.fields["location"])["state"] == "done"
    # The same where nothing answers afterwards.
    has_lost = lose_answer_to_commit(proxy, b"INSERT INTO jobs")
    lost, key = has_lost.set, str(uuid.uuid4())

    def lose():
        lost()
        proxy.refuses = True

    has_lost.set = lose
    assert upload(server, PLANE, key=key, label="cars").status == 503
    again = upload(other, PLANE, key=key, label="cars")
    assert again.status in (200, 202) and cluster.database.value("SELECT count(*) FROM jobs") == "2"
    proxy.mend()
    wait_for(lambda: server.curl("/readyz").status == 200, "the server to be ready", 60)
    assert upload(server, PLANE, key=key, label="cars").json["id"] == again.json["id"]
    assert server.finished(again.json["links"]["self"])["state"] == "done"
    audit_all(cluster)


# ---- The storage ----


@pytest.mark.parametrize("way", ["kill", "stall"])
def test_no_image_fails_while_the_object_store_is_away(make_cluster, way):
    cluster = make_cluster("rclone").start()
    with Load(cluster) as load:
        time.sleep(3)
        with codecs_stopped(cluster.nodes):
            time.sleep(2)
            begin = time.monotonic()
            if way == "kill":
                cluster.store.kill()
            else:
                cluster.store.proxy.stall()
        time.sleep(60)
        end = time.monotonic()
        if way == "kill":
            cluster.store.start()
        else:
            cluster.store.proxy.mend()
        back = wait_for(
            lambda: all(node.curl("/readyz").status == 200 for node in cluster.nodes),
            "/readyz to answer 200", 120,
        )  # fmt: skip
        time.sleep(3)
    meanwhile = load.between(begin + 2, end - 25)
    assert meanwhile and {status for _, status in meanwhile} == {503}, meanwhile[:20]
    worst = max(took for took, _ in load.between(begin, end))
    assert worst < (45 if way == "stall" else 8), f"an upload waited {worst:.1f} s"
    took = load.audit()
    assert total(cluster, "interruptions") == 0
    print(
        f"{way}: the slowest upload took {worst:.1f} s, all were ready after {back:.1f} s, all "
        f"work had ended after {took:.1f} s, {total(cluster, 'errors')} errors counted"
    )


# ---- Nodes ----


def test_a_server_that_dies_in_the_middle_of_uploads_leaves_nothing(make_cluster):
    cluster = make_cluster(workers=1).start()
    server, other = cluster.servers
    key = str(uuid.uuid4())
    for number in range(8):
        sending = threading.Thread(
            target=lambda: upload_quietly(server, *[HATS] * 6, key=key), daemon=True
        )
        sending.start()
        time.sleep(0.02 * number)
        server.kill()
        sending.join()
        server.start()
    done = upload(other, *[HATS] * 6, key=key)
    assert done.status in (200, 202), done
    assert other.finished(done.fields["location"])["state"] == "done"
    assert cluster.database.value("SELECT count(*) FROM jobs") == "1"
    assert other.get(done.fields["location"], "--request", "DELETE").status == 204
    for node in cluster.nodes:
        assert node.stop() == 0
    cluster.database.age_notes()
    server.start()
    wait_for(lambda: not cluster.store.names(), "all photos to be removed", 60)
    if cluster.store.url.startswith("file"):
        left = [path for path in cluster.store.folder.rglob("*") if path.is_file()]
        assert left == [], left
    assert orphans(cluster) == set()


def upload_quietly(node, *files, key):
    try:
        upload(node, *files, key=key)
    except AssertionError:
        # curl tells of the connection that was lost.
        pass


def test_a_rolling_restart_costs_nobody_anything(make_cluster):
    cluster = make_cluster(extra=("--drain-seconds", "10")).start()
    with Load(cluster) as load:
        time.sleep(3)
        for node in cluster.nodes:
            begin = time.monotonic()
            assert node.stop() == 0, node.log()[-3000:]
            took = time.monotonic() - begin
            assert took < 25, f"{node.name} took {took:.1f} s to stop"
            node.start()
            time.sleep(1)
    load.audit()
    assert {status for _, _, status in load.requests} <= {0, 202, 503}
    assert total(cluster, "interruptions") == 0 and total(cluster, "errors") == 0
    assert cluster.leader()[1] > 0
