"""Hostile and slow connections: nothing leaks, nothing spins, other clients are served."""

import os
import ssl
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from clients import GET, HALF, Clients, play

CONNECTIONS = int(os.environ.get("CONNECTIONS", 100_000))
THREADS = 24


def context(service, authority):
    return ssl.create_default_context(cafile=authority.file) if service.scheme == "https" else None


class Pulse:
    """Polls the service's health, and records the longest wait."""

    def __init__(self, service):
        self.service, self.longest, self.count, self.stopped = service, 0.0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopped.wait(0.1):
            start = time.monotonic()
            assert self.service.curl("/healthz").status == 200
            self.longest = max(self.longest, time.monotonic() - start)
            self.count += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopped.set()
        self.thread.join()


def test_churn_leaks_nothing(make_watched, authority):
    service = make_watched("--log-level", "notice")
    settings = context(service, authority)
    play(service.port, settings, 200, 0)
    time.sleep(5)
    before = service.descriptors(), service.threads()
    start = time.monotonic()
    with Pulse(service) as pulse, ThreadPoolExecutor(THREADS) as pool:
        list(
            pool.map(
                lambda seed: play(service.port, settings, CONNECTIONS // THREADS, seed),
                range(1, THREADS + 1),
            )
        )
    took = time.monotonic() - start
    print(
        f"{CONNECTIONS} connections in {took:.0f} s; {pulse.count} times healthy, after "
        f"{pulse.longest:.2f} s at the latest"
    )
    assert pulse.count > 0 and pulse.longest < 2
    # Connections that never end by themselves are closed after their deadlines.
    service.wait_for(lambda: service.descriptors() <= before[0], "the descriptors to be given back")
    service.assert_idle()
    print(
        f"descriptors {before[0]} and {service.descriptors()}, threads {before[1]} and "
        f"{service.threads()}, {service.memory() >> 20} MiB"
    )
    assert service.threads() <= before[1] + 8
    assert service.stop() == 0


def polls(port, settings, seconds):
    """Requests per second of one client that keeps its connection as long as the server does."""
    clients, end, count = Clients(port, settings), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        with clients.connection() as connection:
            while time.monotonic() < end:
                connection.sendall(GET)
                answer = b""
                while b"\r\n\r\n" not in answer:
                    piece = connection.recv(4096)
                    assert piece, "the server has closed without an answer"
                    answer += piece
                count += 1
                if b"connection: close" in answer.lower():
                    break
    return count / seconds


def test_a_thousand_slow_clients_hold_nobody_up(make_watched, authority):
    service = make_watched("--log-level", "notice", "--max-connections", 3000)
    settings = context(service, authority)
    alone = polls(service.port, settings, 3)
    clients = Clients(service.port, settings)
    held = [clients.connection() for _ in range(1000)]
    for number, connection in enumerate(held):
        connection.sendall(GET[:20] if number % 2 else HALF)
    among = polls(service.port, settings, 3)
    print(
        f"{alone:.0f} requests a second alone, {among:.0f} beside 1,000 clients that are half "
        f"through; {service.memory() >> 20} MiB"
    )
    # Asserts only that other clients are served, not how fast.
    assert among > 0
    for connection in held:
        connection.close()
    assert service.stop() == 0
