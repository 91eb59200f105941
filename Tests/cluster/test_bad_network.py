"""A worker behind a network that is slow, that loses packets, or that loses all of them."""

import contextlib
import os
import subprocess

import pytest
from load import HATS, audit_all, codecs_stopped, holders, outputs, total, upload
from nodes import LEASE, Cluster, Node, wait_for
from proxy import Proxy

NAME = f"palimpsest-{os.getpid()}"
HOST, GUEST = "10.213.87.1", "10.213.87.2"


def ip(*arguments, check=True):
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True)


class Network:
    """A network of two, one of them in a namespace of its own."""

    def __init__(self):
        ip("netns", "add", NAME)
        ip("link", "add", "plm-host", "type", "veth", "peer", "name", "plm-guest", "netns", NAME)
        ip("addr", "add", f"{HOST}/30", "dev", "plm-host")
        ip("link", "set", "plm-host", "up")
        ip("-n", NAME, "addr", "add", f"{GUEST}/30", "dev", "plm-guest")
        ip("-n", NAME, "link", "set", "plm-guest", "up")
        ip("-n", NAME, "link", "set", "lo", "up")

    def disturb(self, *rule):
        """Applies a rule of netem to what either sends; skips the test where there is no netem."""
        for tc, device in (["tc"], "plm-host"), (["tc", "-n", NAME], "plm-guest"):
            command = [*tc, "qdisc", "replace", "dev", device, "root", "netem", *rule]
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode != 0:
                pytest.skip(f"this kernel has no netem: {done.stderr.strip()}")

    def cut(self):
        """Has all packets vanish, without a word to either."""
        ip("-n", NAME, "link", "set", "plm-guest", "down")

    def mend(self):
        ip("-n", NAME, "link", "set", "plm-guest", "up")

    def close(self):
        ip("link", "del", "plm-host", check=False)
        ip("netns", "del", NAME, check=False)


def words(error):
    return str(getattr(error, "stderr", None) or error).strip()


@pytest.fixture
def network():
    made = None
    try:
        made = Network()
    except (OSError, subprocess.CalledProcessError) as error:
        if made is not None:
            made.close()
        with contextlib.suppress(OSError):
            ip("netns", "del", NAME, check=False)
        pytest.skip(f"no network namespace can be made: {words(error)}")
    yield made
    made.close()


class Guest(Node):
    """A worker in the namespace."""

    def url(self, path):
        return f"http://{GUEST}:{self.port}{path}"


@pytest.fixture
def cluster(tmp_path, network):
    """Two servers here and a worker there, which reaches PostgreSQL through the network alone."""
    cluster = Cluster(tmp_path, workers=0)
    proxy = Proxy(cluster.database.port, HOST)
    worker = Guest(
        cluster,
        "guest",
        "worker",
        database=cluster.database.url(proxy.port, HOST),
        prefix=["ip", "netns", "exec", NAME],
    )
    worker.host = GUEST
    cluster.workers.append(worker)
    cluster.proxy = proxy
    yield cluster.start()
    cluster.close()
    proxy.close()


def photos(cluster, count):
    return upload(cluster.servers[0], *[HATS] * count).fields["location"]


def test_a_network_that_loses_packets_costs_nothing_but_time(cluster, network):
    network.disturb("delay", "200ms", "loss", "5%")
    work_alone(cluster)


def test_a_slow_network_costs_nothing_but_time(cluster):
    # Each piece that one sends waits, so that this needs nothing of the kernel.
    cluster.proxy.delay = 0.2
    work_alone(cluster)


def work_alone(cluster):
    """Has the worker do all photos but those that the servers have claimed."""
    server = cluster.servers[0]
    with codecs_stopped(cluster.servers):
        path = photos(cluster, 10)
        # The servers hold one each; the worker does the others.
        done = "SELECT count(*) FROM images WHERE state = 'done'"
        took = wait_for(lambda: int(cluster.database.value(done)) == 8, "the worker", 300)
    assert server.finished(path)["state"] == "done"
    assert total(cluster, "interruptions") == 0 and total(cluster, "errors") == 0
    audit_all(cluster)
    print(f"eight photos took {took:.1f} s")


def test_a_worker_whose_packets_are_all_lost_comes_back(cluster, network):
    server, worker = cluster.servers[0], cluster.workers[0]
    with codecs_stopped(cluster.nodes):
        path = photos(cluster, 3)
        wait_for(lambda: len(holders(cluster)) == 3, "each node to claim a photo", 30)
        network.cut()
    took = wait_for(lambda: worker.name not in holders(cluster), "the lease to run out", LEASE + 10)
    assert server.finished(path)["state"] == "done"
    before = outputs(server, path)
    network.mend()
    back = wait_for(lambda: "too late" in worker.log(), "the worker to come back", 60)
    assert outputs(server, path) == before
    with codecs_stopped(cluster.servers):
        again = photos(cluster, 3)
        wait_for(lambda: worker.name in holders(cluster), "the worker to work on", 30)
    assert server.finished(again)["state"] == "done"
    assert total(cluster, "interruptions") == 1
    audit_all(cluster)
    print(f"the lease ran out after {took:.1f} s, the worker was back after {back:.1f} s")
