"""The results of `make look` as look.md and look.json, with what they were measured with."""

import datetime
import json
import shlex
import subprocess
from pathlib import Path

from deephiding import weights

from .. import machine
from . import metrics, pictures, released, scielab, summary


def write(measured, variants, chosen, weights_file, out):
    """Writes look.md and look.json; returns the Markdown."""
    cells = summary.summarize(measured)
    lines = summary.verdict(cells, variants) + [
        summary.LEGEND, *_facts(variants, chosen, weights_file)
    ]
    text = "\n\n".join([*summary.tables(cells), "\n".join(f"- {line}" for line in lines)]) + "\n"
    (out / "look.md").write_text(text)
    document = {
        "summary": [{"size": size, "row": row, **cell} for (size, row), cell in cells.items()],
        "verdict": summary.verdict(cells, variants),
        "facts": _facts(variants, chosen, weights_file),
        "photos": measured,
    }
    (out / "look.json").write_text(json.dumps(document, indent=1) + "\n")
    return text


def _facts(variants, chosen, weights_file):
    options = "; ".join(
        f"{row}: `{shlex.join(options) or 'no options'}`" for row, options in variants.items()
    )
    return [
        f"{len(chosen)} photos in {min(len(chosen), released.CLASSES)} classes, family seed "
        f"{released.FAMILY_SEED}; {options}.",
        f"Enlarged: Lanczos to a short side of {pictures.LARGE} pixels, then normal grain of "
        f"{pictures.LUMINANCE_GRAIN} levels in all channels alike and {pictures.COLOUR_GRAIN} in "
        "each, rounded. JPEG with half the colour resolution (4:2:0), its blocks shifted against "
        "those of photos that came as JPEGs. FLIP at 67 pixels a degree, S-CIELAB's ΔE00 at "
        f"{scielab.PIXELS_A_DEGREE}, butteraugli at 80 nits.",
        f"{_commit()}{weights.stated(weights_file)}, {datetime.date.today().isoformat()}, "
        f"{machine.processor()}, {metrics.versions()}.",
    ]


def _commit():
    """The commit measured, if there is one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short=12", "HEAD"]
    try:
        outcome = subprocess.run(command, capture_output=True, text=True, check=True)
        return f"Commit {outcome.stdout.strip()}, "
    except (OSError, subprocess.CalledProcessError):
        return ""
