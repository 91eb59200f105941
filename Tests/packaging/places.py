"""Where things are in the source tree, and where they are installed."""

import pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
PREFIX = "/usr/local"
