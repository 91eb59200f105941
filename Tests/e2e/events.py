"""Reads server-sent events by the steps of WHATWG HTML, section 9.2.6."""

import contextlib
import http.client
import json


class Event:
    def __init__(self, name, id, data):
        self.name, self.id, self.data = name, id, data

    @property
    def json(self):
        return json.loads(self.data)

    def __repr__(self):
        return f"{self.id} {self.name} {self.data}"


class Listener:
    """A listener that keeps the last event id across its connections."""

    def __init__(self, service, path, tls=None):
        self.service, self.path, self.tls = service, f"{path}/events", tls
        self.last_id = None
        self.heard = []
        self.answer = None

    def connect(self):
        """Opens a connection and returns the status."""
        fields = {"Authorization": f"Bearer {self.service.key}"}
        if self.last_id is not None:
            fields["Last-Event-ID"] = self.last_id
        if self.tls is None:
            self.connection = http.client.HTTPConnection(
                "127.0.0.1", self.service.port, timeout=120
            )
        else:
            self.connection = http.client.HTTPSConnection(
                "127.0.0.1", self.service.port, timeout=120, context=self.tls
            )
        self.connection.request("GET", self.path, headers=fields)
        self.answer = self.connection.getresponse()
        return self.answer.status

    def events(self):
        """The events of this connection until the stream ends or breaks, as told by `is_whole`."""
        self.is_whole = False
        name, data, line = "message", [], b""
        with contextlib.suppress(http.client.IncompleteRead, ConnectionError):
            while line := self.answer.readline():
                field, _, value = line.decode().rstrip("\n").partition(":")
                value = value.removeprefix(" ")
                if line == b"\n":
                    if data:
                        event = Event(name, self.last_id, "\n".join(data))
                        self.heard.append(event)
                        yield event
                    name, data = "message", []
                elif field == "event":
                    name = value
                elif field == "data":
                    data.append(value)
                elif field == "id":
                    self.last_id = value
            # An empty line ends the chunked body; a truncated body would have raised.
            self.is_whole = True

    def images(self):
        return [event.json for event in self.heard if event.name == "image"]
