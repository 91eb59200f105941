"""`python -m deephiding.pair`: one weights file of two networks.

One hides without a mask, such as in small pictures, the other under the mask of photos.
"""

import argparse
import sys
from pathlib import Path

from . import weights


def main():
    parser = argparse.ArgumentParser(prog="deephiding.pair")
    parser.add_argument("--unmasked", required=True, help="the weights file used without a mask")
    parser.add_argument("--masked", required=True, help="the one used under the mask of photos")
    parser.add_argument("--out", required=True, help="the weights file to write")
    parser.add_argument("--protection", help="JSON to record as the measured protection")
    arguments = parser.parse_args()
    try:
        protection = Path(arguments.protection).read_text() if arguments.protection else ""
        weights.pair(arguments.out, arguments.unmasked, arguments.masked, protection)
    except (ValueError, OSError) as error:
        sys.exit(f"pair: {error}")


if __name__ == "__main__":
    main()
