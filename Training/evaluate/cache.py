"""Caches protected sets on disk under the hash of everything they depend on."""

import fcntl
import hashlib
from pathlib import Path

import numpy as np


def stored(folder, parts, make):
    """The array that `make()` returns, cached in `folder` under its `parts` (bytes)."""
    key = hashlib.sha256()
    for part in parts:
        key.update(hashlib.sha256(part).digest())
    path = Path(folder) / f"{key.hexdigest()[:32]}.npy"
    if path.exists():
        return np.load(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Cells run in parallel: the second one to need an array waits for the first to make it.
    with open(path.with_suffix(".lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return np.load(path)
        made = make()
        partial = path.with_suffix(".partial.npy")
        np.save(partial, made)
        partial.rename(path)
        return made
