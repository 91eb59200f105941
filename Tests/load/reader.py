"""A polling client that measures response times."""

import http.client
import threading
import time


class Reader:
    """Requests a document repeatedly over one connection, and records how long each answer took."""

    def __init__(self, service, path):
        self.service, self.path, self.seconds, self.stopped = service, path, [], threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=60)
        while not self.stopped.wait(0.02):
            start = time.monotonic()
            connection.request(
                "GET", self.path, headers={"Authorization": f"Bearer {self.service.key}"}
            )
            answer = connection.getresponse()
            answer.read()
            assert answer.status == 200
            self.seconds.append(time.monotonic() - start)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()

    def __str__(self):
        at = lambda share: sorted(self.seconds)[int(share * (len(self.seconds) - 1))] * 1e3
        return (
            f"{len(self.seconds)} times, median {at(0.5):.1f} ms, 99th percentile {at(0.99):.1f} "
            f"ms, longest {at(1):.1f} ms"
        )
