"""`python -m deephiding.pair`: one weights file of two networks.

One hides without a mask, such as in small pictures, the other under the mask of photos.
"""

import argparse
import json
import sys
from pathlib import Path

from safetensors.torch import save_file

from . import collage, weights
from .export import golden_pairs

# Files of golden vectors, by whether they are those of the network under the mask of photos.
GOLDEN = {False: "golden.safetensors", True: "golden-masked.safetensors"}


def main():
    parser = argparse.ArgumentParser(prog="deephiding.pair")
    parser.add_argument("--unmasked", required=True, help="the weights file used without a mask")
    parser.add_argument("--masked", required=True, help="the one used under the mask of photos")
    parser.add_argument("--out", required=True, help="the weights file to write")
    parser.add_argument(
        "--protection", action="append", default=[], metavar="NAME=FILE",
        help="a JSON table to record as the measured protection, under a name; may be repeated",
    )  # fmt: skip
    parser.add_argument("--golden", help="folder for the golden vectors of both networks")
    parser.add_argument("--photo", help="a photo for the golden vectors")
    arguments = parser.parse_args()
    if arguments.golden and not arguments.photo:
        parser.error("--golden needs --photo")
    try:
        named = [table.partition("=") for table in arguments.protection]
        protection = {name: json.loads(Path(file).read_text()) for name, _, file in named}
        weights.pair(arguments.out, arguments.unmasked, arguments.masked, json.dumps(protection))
    except (ValueError, OSError) as error:
        sys.exit(f"pair: {error}")
    if arguments.golden:
        for masked, name in GOLDEN.items():
            network, _ = weights.load(arguments.out, masked)
            pairs = golden_pairs(arguments.photo, collage.collage)
            save_file(weights.golden(network, pairs), str(Path(arguments.golden) / name))


if __name__ == "__main__":
    main()
