"""Files that are there whole or not at all."""

import os
from pathlib import Path


def replace(path, content):
    """Writes bytes under another name first, then gives the file its own; its owner alone reads it.

    Raises OSError, which names `path`, with nothing left behind.
    """
    path = Path(path)
    partial = path.with_name(f".{path.name}.partial")
    try:
        with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from None
