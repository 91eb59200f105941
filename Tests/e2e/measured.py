"""Nodes that expose their metrics."""

import re

from service import Service


class Measured(Service):
    """A server or a worker with an address for its metrics."""

    def __init__(self, data, *extra, role="serve", environment=None):
        options = ["--metrics-bind", "127.0.0.1:0", "--log-level", "notice", *extra]
        super().__init__(data, None, options, environment)
        self.role = role

    def listening_port(self, seen):
        ports = dict(re.findall(r'"for":"(\w+)","port":"?(\d+)', self.log()[seen:]))
        assert self.process.poll() is None, self.log()
        self.metrics_port = ports.get("metrics")
        # A worker answers probes where its metrics are, and listens nowhere else.
        wanted = {"api", "metrics"} if self.role == "serve" else {"metrics"}
        return int(ports.get("api", self.metrics_port)) if wanted <= set(ports) else None

    def metrics(self):
        """The text of all metrics."""
        answer = self.curl(f"http://127.0.0.1:{self.metrics_port}/metrics")
        assert answer.status == 200, answer
        assert answer.fields["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        return answer.body.decode()

    def upload(self, *form):
        answer = self.get("/v1/jobs", *form)
        assert answer.status == 202, answer
        return answer.json["links"]["self"]
