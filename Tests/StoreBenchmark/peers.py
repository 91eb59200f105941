"""A worker of another queue in PostgreSQL, whose jobs do nothing.

Usage: peers.py (procrastinate|pgqueuer) (fill COUNT | work). `work` ends when the queue is empty,
and prints when it began and when it ended its last job, in seconds, and how many it did.
"""

import asyncio
import sys
import time

# What one claim of the store's takes, too.
AT_ONCE = 16


class Count:
    done = 0
    last = 0.0

    @classmethod
    def note(cls):
        cls.done += 1
        cls.last = time.time()


async def procrastinate(command, count):
    from procrastinate import App, PsycopgConnector

    app = App(connector=PsycopgConnector(conninfo="", min_size=1, max_size=AT_ONCE + 2))

    @app.task(name="work")
    async def work(number):
        Count.note()

    async with app.open_async():
        if command == "fill":
            await app.schema_manager.apply_schema_async()
            for start in range(0, count, 1000):
                await work.batch_defer_async(*({"number": start + n} for n in range(1000)))
            return
        await app.run_worker_async(
            concurrency=AT_ONCE, wait=False, install_signal_handlers=False, listen_notify=False
        )


async def pgqueuer(command, count):
    import asyncpg
    from pgqueuer.db import AsyncpgDriver
    from pgqueuer.qm import QueueManager
    from pgqueuer.queries import Queries
    from pgqueuer.types import QueueExecutionMode

    driver = AsyncpgDriver(await asyncpg.connect())
    queries = Queries(driver)
    if command == "fill":
        await queries.install()
        for _ in range(0, count, 1000):
            await queries.enqueue(["work"] * 1000, [None] * 1000, [0] * 1000)
        return
    manager = QueueManager(queries)

    @manager.entrypoint("work")
    async def work(job):
        Count.note()

    await manager.run(batch_size=AT_ONCE, mode=QueueExecutionMode.drain)


def main():
    queue, command = sys.argv[1:3]
    start = time.time()
    count = int(sys.argv[3]) if command == "fill" else 0
    asyncio.run({"procrastinate": procrastinate, "pgqueuer": pgqueuer}[queue](command, count))
    if command == "work":
        print(start, Count.last or start, Count.done)


main()
