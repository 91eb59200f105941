"""A TCP proxy that stands between two programs and does to them what networks do."""

import contextlib
import socket
import struct
import threading
import time


class Pair:
    """A connection of a client, and the proxy's own to the server."""

    def __init__(self, client, server):
        self.client, self.server = client, server
        # Set by `Proxy.watch`: what the client has sent, for as long as somebody reads it.
        self.seen = b""
        self.is_swallowed = False

    def reset(self):
        """Ends both connections as a machine does that has lost its memory."""
        for side in (self.client, self.server):
            with contextlib.suppress(OSError):
                # Closing with SO_LINGER of 0 sends a reset.
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            with contextlib.suppress(OSError):
                side.close()


class Proxy:
    """Listens on a port of its own and passes on to a target, which may change."""

    def __init__(self, target, host="127.0.0.1"):
        self.target = target
        self.listener = socket.create_server((host, 0))
        self.port = self.listener.getsockname()[1]
        # Set while bytes pass.
        self.passes = threading.Event()
        self.passes.set()
        self.refuses = False
        self.delay = 0.0
        self.watch = None
        self.lock = threading.Lock()
        self.pairs = set()
        threading.Thread(target=self.accept, daemon=True).start()

    # ---- What a test does to it ----

    def stall(self):
        """Keeps all connections and takes new ones, and passes nothing on."""
        self.passes.clear()

    def refuse(self):
        """Resets all connections, and each new one."""
        self.refuses = True
        self.reset()

    def reset(self):
        """Resets the connections that there are."""
        for pair in self.open_pairs():
            pair.reset()

    def half_close(self):
        """Ends what the servers send; what the clients send still goes through."""
        for pair in self.open_pairs():
            with contextlib.suppress(OSError):
                pair.client.shutdown(socket.SHUT_WR)

    def mend(self):
        """Lets everything pass again."""
        self.refuses = False
        self.passes.set()

    def close(self):
        self.refuse()
        self.passes.set()
        # Whoever connects is refused from now on: the thread that accepts holds it open otherwise.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    # ---- Passing on ----

    def open_pairs(self):
        with self.lock:
            return list(self.pairs)

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.join, args=(client,), daemon=True).start()

    def join(self, client):
        self.passes.wait()
        try:
            server = socket.create_connection(("127.0.0.1", self.target), timeout=5)
        except OSError:
            Pair(client, client).reset()
            return
        server.settimeout(None)
        for side in (client, server):
            side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        pair = Pair(client, server)
        with self.lock:
            self.pairs.add(pair)
        if self.refuses:
            pair.reset()
        other = threading.Thread(target=self.pump, args=(pair, server, client), daemon=True)
        other.start()
        self.pump(pair, client, server)
        other.join()
        with self.lock:
            self.pairs.discard(pair)
        for side in (client, server):
            side.close()

    def pump(self, pair, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 16):
                self.passes.wait()
                if self.delay:
                    time.sleep(self.delay)
                if self.watch is not None:
                    self.watch(pair, data, source is pair.client)
                if pair.is_swallowed and source is pair.server:
                    pair.reset()
                    return
                sink.sendall(data)
        with contextlib.suppress(OSError):
            self.passes.wait()
            sink.shutdown(socket.SHUT_WR)


def lose_answer_to_commit(proxy, statement):
    """Loses the answer to the next COMMIT of a transaction with a statement, with its connection.

    Returns an event that is set once that has happened.
    """
    has_lost = threading.Event()

    def watch(pair, data, is_of_client):
        if has_lost.is_set():
            return
        if is_of_client:
            pair.seen = (pair.seen + data)[-(1 << 20) :]
            begin = pair.seen.rfind(b"BEGIN")
            pair.is_committing = (
                begin >= 0 and statement in pair.seen[begin:] and b"COMMIT" in data
            )
        elif getattr(pair, "is_committing", False) and b"COMMIT\0" in data:
            pair.is_swallowed = True
            has_lost.set()

    proxy.watch = watch
    return has_lost
