"""The server's HTTP parser against two others: Python's h11, and Node's llhttp.

What the server accepts as a request, any other program that accepts it must read as the same
request. Where two programs on a request's way disagree about its end or its content, one request
can be smuggled past the other (RFC 9112 section 11.2). The server may refuse what others accept.
"""

import base64
import json
import pathlib
import random
import struct
import subprocess

import h11
import httptools
import pytest

PROBE = pathlib.Path(__file__).resolve().parents[2] / ".build/debug/WireProbe"

PLAIN = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET /v1/jobs?limit=5&after=%41 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: */*\r\nA:\r\nB: "
    b"\t x y \t\r\n\r\n",
    b"HEAD /a/%2F/b HTTP/1.1\r\nHost: [::1]:80\r\nUser-Agent: caf\xe9\r\n\r\n",
    b"POST /v1/jobs HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0a;x=\"y "
    b"z\"\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
    b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\nDELETE /x HTTP/1.1\r\nHost: a\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding: Chunked\r\n\r\n0\r\n\r\nGET /next "
    b"HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
]
# Typical material of attacks on parsers.
PIECES = [
    b"\r\n", b"\n", b"\r", b" ", b"\t", b"\0", b":", b",", b";", b"\x0b", b"\xff", b"\r\n ",
    b"0\r\n\r\n", b"Host: b\r\n", b"chunked", b"identity, ",
    b"Content-Length: 5\r\n", b"Content-Length: +5\r\n", b"Content-Length: 5, 5\r\n",
    b"Content-Length: 0x5\r\n", b"Content-Length : 5\r\n",
    b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: xchunked\r\n",
    b"Transfer-Encoding:\x0bchunked\r\n", b"Transfer_Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
    b"ffffffffffffffff", b"-1", b"GET /smuggled HTTP/1.1\r\nHost: c\r\n\r\n",
    "Transfer-Encoding: chun\u212aed\r\n".encode(), "\u212a".encode(), "\u017f".encode(),
    "\uff11".encode(), b"HTTP/1.0", b"HTTP/1.2", b"HTTP/2.0", b"http://b/", b"X: y\r\n z\r\n",
    b"%00", b"/../", b"#",
]  # fmt: skip


def cases(count, seed):
    """Requests with parts changed, inserted or removed."""
    rng = random.Random(seed)
    for _ in range(count):
        case = bytearray(rng.choice(PLAIN))
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(case) + 1)
            kind = rng.randrange(6)
            if kind < 3:
                lines = [0] + [i + 2 for i in range(len(case) - 1) if case[i : i + 2] == b"\r\n"]
                piece = rng.choice(PIECES)
                place = (
                    rng.choice(lines) if piece.endswith(b"\r\n") and rng.random() < 0.8 else place
                )
                case[place:place] = piece
            elif kind == 3:
                del case[place : place + rng.randint(1, 3)]
            elif kind == 4:
                case[place : place + 1] = bytes([rng.randrange(256)])
            else:
                end = place + rng.randint(1, 20)
                case[place:place] = case[place:end]
        yield bytes(case)


# Characters that Unicode maps to letters, digits and marks of a request, but that are not ASCII.
LOOK_ALIKES = [
    f"POST / HTTP/1.1\r\nHost: a\r\n{fields}\r\n\r\n"
    "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: b\r\n\r\n".encode()
    for fields in (
        "Transfer-Encoding: chun\u212aed", "Transfer-Encoding: CHUN\u212aED",
        "Transfer-Encoding: c\u04bbunked",
        "Transfer-Encoding: \uff43hunked", "Transfer-Encoding: chunked\u0301",
        "Transfer-Encoding: chunked\u00a0",
        "Tran\u017ffer-Encoding: chunked", "Transfer\u2010Encoding: chunked",
        "Content-Length: \uff15", "Content-Length: \u0665",
        "Content-Length\u037e 5", "Content-Length: 5\u2028",
    )
]  # fmt: skip


@pytest.fixture
def ours(tmp_path):
    """How the server parses inputs: each one's requests, as (method, path, fields, body)."""
    return lambda inputs: probed(inputs, tmp_path / "inputs")


def probed(inputs, path):
    path.write_bytes(b"".join(struct.pack("<I", len(case)) + case for case in inputs))
    output = subprocess.run([PROBE, path], capture_output=True, check=True).stdout
    return [
        [
            (
                e["method"],
                e["path"],
                [field(n.lower(), v) for n, v in e["fields"]],
                base64.b64decode(e["body"]),
            )
            for e in json.loads(line)
            if e["is_complete"]
        ]
        for line in output.splitlines()
    ]


def path_of(target):
    """The path of a target in any form, as the probe reports it."""
    target = target.decode("latin-1")
    for scheme in ("http://", "https://"):
        if target.lower().startswith(scheme):
            rest = target[len(scheme) :]
            cut = min((rest.index(c) for c in "/?" if c in rest), default=len(rest))
            target = rest[cut:] if rest[cut : cut + 1] == "/" else "/" + rest[cut:]
    return target.split("?")[0]


def field(name, value):
    """A field in the form common to all parsers.

    The probe replaces what is not UTF-8; h11 lower-cases transfer codings.
    """
    value = value if isinstance(value, str) else value.decode("utf-8", "replace").strip(" \t")
    return name, value.lower() if name == "transfer-encoding" else value


def by_h11(case):
    connection = h11.Connection(h11.SERVER)
    found = []
    connection.receive_data(case)
    connection.receive_data(b"")
    try:
        while True:
            event = connection.next_event()
            if isinstance(event, h11.Request):
                head, body = event, b""
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                fields = [field(name.decode(), value) for name, value in head.headers]
                found.append((head.method.decode(), path_of(head.target), fields, body))
                connection.send(h11.Response(status_code=204, headers=[]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE:
                    return found
                connection.start_next_cycle()
            elif event is h11.NEED_DATA or isinstance(event, h11.ConnectionClosed):
                return found
    except h11.RemoteProtocolError:
        return found


class Messages:
    """Collects llhttp's callbacks."""

    def __init__(self):
        self.found, self.parser = [], httptools.HttpRequestParser(self)

    def on_message_begin(self):
        self.target, self.fields, self.body = b"", [], b""

    def on_url(self, part):
        self.target += part

    def on_header(self, name, value):
        self.fields.append(field(name.decode("latin-1").lower(), value or b""))

    def on_headers_complete(self):
        # Trailers arrive as headers, too.
        self.head = list(self.fields)

    def on_body(self, part):
        self.body += part

    def on_message_complete(self):
        self.found.append(
            (self.parser.get_method().decode(), path_of(self.target), self.head, self.body)
        )


def by_llhttp(case):
    messages = Messages()
    try:
        messages.parser.feed_data(case)
    except (httptools.HttpParserError, httptools.HttpParserUpgrade):
        pass
    return messages.found


@pytest.mark.parametrize("other", [by_h11, by_llhttp])
def test_plain_requests_are_the_same_for_all(ours, other):
    for case, found in zip(PLAIN, ours(PLAIN), strict=True):
        assert found, case
        assert other(case) == found, case


@pytest.mark.parametrize("other", [by_h11, by_llhttp])
def test_whoever_else_takes_a_request_takes_it_for_the_same(ours, other):
    inputs = list(cases(20_000, 7))
    both = 0
    for case, found in zip(inputs, ours(inputs), strict=True):
        for number, (one, two) in enumerate(zip(found, other(case), strict=False)):
            assert one == two, (number, case)
            both += 1
    # Otherwise nothing was compared.
    assert both > 3000


def test_what_only_looks_like_ascii_is_refused(ours):
    for case, found in zip(LOOK_ALIKES, ours(LOOK_ALIKES), strict=True):
        assert found == [], case
    # h11 compares octets and refuses them as well, so no request is lost.
    assert [case for case in LOOK_ALIKES if by_h11(case)] == []
