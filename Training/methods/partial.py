"""Files that are there whole or not at all."""

import os
from pathlib import Path


def replace(path, content):
    """Writes bytes under another name first, then gives the file its own."""
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial")
    with open(partial, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
