"""A synchronous standby that is out of reach: nothing is told that it does not have."""

import threading
import uuid

from load import audit_all, upload
from nodes import Cluster, wait_for
from proxy import Proxy
from service import FIXTURES
from standby import Replicated

PLANE = FIXTURES / "plane.jpg"
WAITING = "pg_stat_activity WHERE wait_event = 'SyncRep'"


def test_a_wait_for_the_standby_that_is_broken_off_tells_nothing(tmp_path):
    cluster = Cluster(tmp_path, servers=1, workers=1, database=Replicated())
    proxy = Proxy(cluster.database.port)
    server = cluster.servers[0]
    server.database = cluster.database.url().replace(
        f":{cluster.database.port}", f":{proxy.port}"
    )
    try:
        break_off(cluster.start(), proxy)
    except BaseException:
        print(cluster.logs())
        raise
    finally:
        cluster.close()


def break_off(cluster, proxy):
    database, server = cluster.database, cluster.servers[0]
    answers, key = [], str(uuid.uuid4())
    sending = threading.Thread(target=lambda: answers.append(upload(server, PLANE, key=key)))

    def watch(_, data, is_of_client):
        if is_of_client and b"INSERT INTO jobs" in data:
            database.stream.stall()

    proxy.watch = watch
    sending.start()
    job = "SELECT count(*) FROM jobs"
    waiting = f"SELECT count(*) FROM {WAITING}"
    wait_for(lambda: not database.stream.passes.is_set(), "the job to be made")
    wait_for(lambda: int(database.value(waiting)) > 0, "commits to wait for the standby")
    # Operators do so. What waited is committed then, though the standby does not have it.
    end = f"SELECT count(pg_terminate_backend(pid)) FROM {WAITING}"
    wait_for(
        lambda: int(database.value(end)) >= 0 and database.value(job) == "1",
        "the job to be seen without the standby",
    )
    wait_for(
        lambda: answers or int(database.value(waiting)) > 0, "an answer, or a commit that waits"
    )
    database.kill()
    # A host that takes connections and ends them would keep libpq from the next one.
    proxy.close()
    database.promote()
    sending.join()
    server.wait_until_ready()
    assert answers[0].status in (202, 503), answers
    if answers[0].status == 202:
        assert server.get(answers[0].fields["location"]).status == 200, "told, and lost"
    again = upload(server, PLANE, key=key)
    assert again.status in (200, 202), again
    path = again.fields["location"]
    assert server.finished(path)["state"] == "done"
    assert database.value(job) == "1"
    audit_all(cluster)
