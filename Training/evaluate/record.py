"""Measurements as JSON files, written atomically."""

import json


def keep(path, record):
    """Writes a record; creates its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(record, indent=1) + "\n")
    partial.rename(path)
