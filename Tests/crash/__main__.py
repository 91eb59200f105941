"""The crash test by hand: kills at random moments, failing disks, a changed clock; then the audit.

python Tests/crash --kills 1000 [--seed N] [--folder DIR]
"""

import argparse
import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import campaign


def main():
    parser = argparse.ArgumentParser(prog="crash", description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**32))
    parser.add_argument(
        "--folder",
        help=(
            "where the data folders are made; a temporary one, which is kept when something is "
            "wrong"
        ),
    )
    options = parser.parse_args()
    folder = pathlib.Path(options.folder or tempfile.mkdtemp(prefix="palimpsest-crash-"))
    print(f"seed {options.seed}, {folder}", flush=True)

    def run(name, body, *arguments, **named):
        place = folder / name
        place.mkdir(parents=True)
        start = time.monotonic()
        summary = body(place, *arguments, seed=options.seed, **named)
        print(f"{name}: no violation after {time.monotonic() - start:.0f} s; {summary}", flush=True)

    run("kills", campaign.kills, options.kills, report=lambda line: print(line, flush=True))
    for error in ["ENOSPC", "EIO", "EROFS"]:
        run(error, campaign.failing_disk, error)
    run("clock", campaign.clock_set, [-3600, -7200, 5, -86400])


main()
