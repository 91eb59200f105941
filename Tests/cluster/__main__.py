"""The campaign by hand: kills of anything in a cluster at random moments; then the audit.

python Tests/cluster --kills 300 [--store folder|rclone|swift] [--standby] [--other BINARY] [--seed N]
    [--folder DIR]
"""

import argparse
import pathlib
import random
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / name) for name in ("cluster", "crash", "e2e")]

import kills
from nodes import STORES, Cluster
from standby import Replicated


def main():
    parser = argparse.ArgumentParser(prog="cluster", description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--store", choices=STORES, default="folder")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument(
        "--standby",
        action="store_true",
        help="each end of the database is a failover to a synchronous standby",
    )
    parser.add_argument("--other", help="what every second node runs, such as the last release")
    parser.add_argument(
        "--folder", help="where everything is made; a temporary folder, which is kept"
    )
    options = parser.parse_args()
    folder = pathlib.Path(options.folder or tempfile.mkdtemp(prefix="palimpsest-cluster-"))
    folder.mkdir(exist_ok=True)
    print(f"seed {options.seed}, {options.store}, {folder}", flush=True)
    start = time.monotonic()
    database = Replicated() if options.standby else None
    cluster = Cluster(folder, options.store, database=database)
    if options.other:
        cluster.mix(options.other)
    summary = kills.kills(
        cluster,
        options.kills,
        options.seed,
        report=lambda line: print(f"{time.monotonic() - start:.0f} s: {line}", flush=True),
    )
    print(f"no violation after {time.monotonic() - start:.0f} s; {summary}", flush=True)


main()
