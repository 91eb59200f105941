"""Misbehaving clients."""

import contextlib
import random
import socket
import ssl
import struct

GET = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
HALF = (
    b"POST /v1/jobs?class=a HTTP/1.1\r\nHost: a\r\nContent-Type: image/jpeg\r\nContent-Length: "
    b"100000\r\n\r\n"
    + bytes(500)
)


def reset(connection):
    """Closes with a reset instead of an orderly end."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Clients:
    """One kind after the other, at an address; over TLS if a context is given."""

    def __init__(self, port, context=None):
        self.port, self.context = port, context
        self.kinds = [
            self.comes_and_resets, self.resets_within_a_head, self.ends_within_a_head,
            self.ends_and_reads, self.resets_at_the_answer,
            self.never_reads, self.asks_three_times, self.resets_within_a_body,
            self.ends_within_a_body, self.sends_rubbish,
            self.breaks_off_a_handshake,
        ]  # fmt: skip

    def raw(self):
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def connection(self):
        raw = self.raw()
        if self.context is None:
            return raw
        try:
            return self.context.wrap_socket(
                raw, server_hostname="127.0.0.1", suppress_ragged_eofs=True
            )
        except BaseException:
            raw.close()
            raise

    def one(self, rng):
        """Plays one client; ignores the network errors it provokes."""
        with contextlib.suppress(OSError):
            rng.choice(self.kinds)(rng)

    def comes_and_resets(self, rng):
        reset(self.raw())

    def resets_within_a_head(self, rng):
        connection = self.connection()
        connection.sendall(GET[: rng.randrange(1, len(GET))])
        reset(connection)

    def ends_within_a_head(self, rng):
        with self.connection() as connection:
            connection.sendall(GET[: rng.randrange(1, len(GET))])

    def ends_and_reads(self, rng):
        with self.connection() as connection:
            connection.sendall(GET)
            socket.socket.shutdown(connection, socket.SHUT_WR)
            while connection.recv(4096):
                pass

    def resets_at_the_answer(self, rng):
        connection = self.connection()
        connection.sendall(GET)
        connection.recv(10)
        reset(connection)

    def never_reads(self, rng):
        with self.connection() as connection:
            connection.sendall(GET * rng.randrange(1, 50))

    def asks_three_times(self, rng):
        with self.connection() as connection:
            connection.sendall(3 * GET)
            answers = b""
            while answers.count(b"HTTP/1.1 200") < 3 and (piece := connection.recv(4096)):
                answers += piece

    def resets_within_a_body(self, rng):
        connection = self.connection()
        connection.sendall(HALF)
        reset(connection)

    def ends_within_a_body(self, rng):
        with self.connection() as connection:
            connection.sendall(HALF)

    def sends_rubbish(self, rng):
        with self.raw() as connection:
            connection.sendall(rng.randbytes(rng.randrange(1, 2000)))
            connection.recv(1000)

    def breaks_off_a_handshake(self, rng):
        hello = ssl.MemoryBIO(), ssl.MemoryBIO()
        half = ssl.create_default_context().wrap_bio(*hello, server_hostname="a")
        with contextlib.suppress(ssl.SSLWantReadError):
            half.do_handshake()
        greeting = hello[1].read()
        connection = self.raw()
        connection.sendall(greeting[: rng.randrange(1, len(greeting) + 1)])
        if rng.random() < 0.5:
            reset(connection)
        else:
            connection.close()


def play(port, context, count, seed):
    """Plays `count` clients."""
    clients, rng = Clients(port, context), random.Random(seed)
    for _ in range(count):
        clients.one(rng)
