"""Without free file descriptors the service says so, and resumes when some are free."""

import http.client
import json
import os
import resource
import signal
import time

from service import FIXTURES, PATIENCE


def lowest_free(pid):
    taken = {int(name) for name in os.listdir(f"/proc/{pid}/fd")}
    return next(number for number in range(len(taken) + 1) if number not in taken)


def is_steady(pid):
    """Whether the process opens and closes nothing for a moment."""
    seen = []
    for _ in range(10):
        seen.append(sorted(os.listdir(f"/proc/{pid}/fd")))
        time.sleep(0.05)
    return all(names == seen[0] for names in seen)


class Client:
    """A client that keeps its connection, since it will get no other."""

    def __init__(self, service):
        self.key = service.key
        self.connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=PATIENCE)

    def ask(self, method, path, body=None):
        fields = (
            {"Authorization": f"Bearer {self.key}"}
            | ({"Content-Type": "image/jpeg"} if body else {})
        )
        self.connection.request(method, path, body=body, headers=fields)
        answer = self.connection.getresponse()
        return answer.status, answer.headers, json.loads(answer.read())


def test_without_descriptors_requests_get_503_and_work_goes_on_with_them(make_service):
    service = make_service("--drain-seconds", "1")
    pid, photo = service.process.pid, (FIXTURES / "parrots.jpg").read_bytes()
    codecs = service.codecs()
    for codec in codecs:
        os.kill(codec, signal.SIGSTOP)
    client, late, last = Client(service), Client(service), Client(service)
    job = client.ask("POST", "/v1/jobs?class=a", photo)[2]["links"]["self"]
    # The worker has to open its files while descriptors are left; later it would take those of
    # closed connections.
    service.wait_for(lambda: client.ask("GET", job)[2]["state"] == "running", "the job to run")
    service.wait_for(lambda: is_steady(pid), "the worker to have opened its files")
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (lowest_free(pid), before[1]))
    try:
        for method, path, body in [("POST", "/v1/jobs?class=a", photo), ("GET", "/readyz", None)]:
            status, fields, document = client.ask(method, path, body)
            assert (status, document["code"]) == (503, "descriptors_exhausted"), (path, document)
            assert int(fields["Retry-After"]) > 0
        # The first connection is idle and makes room for the next one.
        assert late.ask("GET", "/healthz")[0] == 200
        late.connection.request(
            "GET", f"{job}/events", headers={"Authorization": f"Bearer {service.key}"}
        )
        assert late.connection.getresponse().status == 200
        # Now no client can connect; the pauses between attempts grow.
        start, seen = time.monotonic(), service.log().count("accepting connections is paused")
        last.connection.connect()
        service.wait_for(
            lambda: service.log().count("accepting connections is paused") > seen + 4, "accepting to rest"
        )
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
    assert last.ask("GET", "/readyz")[0] == 200
    # 5, 10, 20, 40 ms and so on, up to one second.
    assert service.log().count("accepting connections is paused") < seen + 10 + (time.monotonic() - start)
    for codec in codecs:
        os.kill(codec, signal.SIGCONT)
    status, _, other = last.ask("POST", "/v1/jobs?class=a", photo)
    assert status == 202
    assert {service.finished(path)["state"] for path in (job, other["links"]["self"])} == {"done"}
    last.connection.close()
    late.connection.close()
    assert service.stop() == 0
