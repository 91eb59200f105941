"""From measured cells to a verdict, a Markdown table and a JSON file."""

import datetime
import json
import platform
from pathlib import Path

import numpy as np
import torch
from deephiding import weights
from deephiding.semantic_images import semantic_image

from . import product

CLEAN_AT_LEAST = 60.0
CONTROL_AT_MOST = 20.0
FRESH_WITHIN = 8.0
TARGETS = {("palimpsest", "vanilla"): 20.0, ("palimpsest", "JPEG 50"): 40.0}
PSNR_AT_LEAST = 31.0


def family_seed(seed):
    """The family seed of the secrets that go with a seed of the evaluation."""
    return 1000 + seed


def summarize(records):
    """Mean, lowest and highest accuracy of every (row, column) over the seeds, in the order of the records."""
    groups = {}
    for record in records:
        groups.setdefault((record["row"], record["column"]), []).append(record)
    return {
        key: {
            "mean": float(np.mean([r["accuracy"] for r in group])),
            "low": min(r["accuracy"] for r in group),
            "high": max(r["accuracy"] for r in group),
            "peak": max(r["peak"] for r in group),
            "seeds": len(group),
            "psnr": None if group[0]["psnr"] is None else float(np.mean([r["psnr"] for r in group])),
            "largest_delta": max(r["largest_delta"] for r in group),
        }
        for key, group in groups.items()
    }


def verdict(cells):
    """Sentences: whether the harness can see, then whether each figure was reached. Nothing is concluded if it cannot."""
    clean = cells.get(("clean", "vanilla"))
    control = cells.get(("random noise (control)", "vanilla"))
    if clean is None or control is None:
        return ["No verdict: the clean row and the control row were not both measured."]
    if clean["mean"] < CLEAN_AT_LEAST or control["mean"] > CONTROL_AT_MOST:
        return [
            f"No verdict: this harness cannot see. It needs clean >= {CLEAN_AT_LEAST:.0f} % (measured {clean['mean']:.1f}) "
            f"and the control <= {CONTROL_AT_MOST:.0f} % (measured {control['mean']:.1f})."
        ]
    lines = []
    for key, limit in TARGETS.items():
        if key in cells:
            reached = cells[key]["mean"] <= limit
            lines.append(f"{'Reached' if reached else 'Missed'}: {key[1]} <= {limit:.0f} %, measured {cells[key]['mean']:.1f}.")
    shipped = cells.get(("palimpsest", "vanilla"))
    if shipped is not None:
        reached = shipped["psnr"] is not None and shipped["psnr"] >= PSNR_AT_LEAST
        lines.append(f"{'Reached' if reached else 'Missed'}: PSNR >= {PSNR_AT_LEAST:.0f} dB, measured {shipped['psnr'] or 0:.2f}.")
    fresh = cells.get(("palimpsest, fresh secrets", "vanilla"))
    if fresh is not None:
        gap = clean["mean"] - fresh["mean"]
        reached = gap <= FRESH_WITHIN
        lines.append(
            f"{'Reached' if reached else 'Missed'}: with a fresh secret for every image accuracy stays within "
            f"{FRESH_WITHIN:.0f} points of clean, measured {gap:.1f} below."
        )
    return lines


def table(cells):
    """The cells as a Markdown table: accuracy in percent, mean (lowest-highest) over the seeds."""
    columns = list(dict.fromkeys(column for _, column in cells))
    lines = [
        "| training images | " + " | ".join(columns) + " | PSNR dB | largest \\|δ\\| |",
        "|---|" + "---|" * (len(columns) + 2),
    ]
    for row in dict.fromkeys(row for row, _ in cells):
        shown = []
        for column in columns:
            cell = cells.get((row, column))
            if cell is None:
                shown.append("-")
            elif cell["seeds"] == 1:
                shown.append(f"{cell['mean']:.1f}")
            else:
                shown.append(f"{cell['mean']:.1f} ({cell['low']:.1f}-{cell['high']:.1f})")
        first = next(cell for (name, _), cell in cells.items() if name == row)
        psnr = "-" if first["psnr"] is None else f"{first['psnr']:.2f}"
        lines.append(f"| {row} | " + " | ".join(shown) + f" | {psnr} | {first['largest_delta']} |")
    return "\n".join(lines)


def secrets(x, y, weights_file, released, seed, count=200):
    """How well released 8-bit pictures still reveal their secrets, and how far delta follows the cover.

    The secrets are drawn by the reference generator from the assignment that the binary gives each class.
    """
    network, _ = weights.load(weights_file)
    delta = released.astype(np.float32) - x
    first, second = (np.flatnonzero(y == 0)[i] for i in range(2))
    same = np.corrcoef(delta[first].ravel(), delta[second].ravel())[0, 1]
    with torch.no_grad():
        images = torch.from_numpy(released[:count]).permute(0, 3, 1, 2).float() / 255
        torch.manual_seed(seed)
        revealed = network.reveal(images).clamp(0, 1).numpy()
    height, width = x.shape[1:3]
    drawn = [semantic_image(*product.assignment(family_seed(seed), label), width, height) for label in range(10)]
    truth = np.stack([drawn[label] for label in y[:count]])
    psnr = -10 * float(np.log10(((revealed - truth) ** 2).mean()))
    return {
        "revealed_psnr": psnr,
        "revealed_images": count,
        "delta_correlation_same_class": float(same),
        "delta_mean_difference_same_class": float(np.abs(delta[first] - delta[second]).mean()),
    }


def write(records, revealed, arguments):
    """Writes table.md and table.json into the output folder; returns the Markdown."""
    cells = summarize(records)
    seeds = sorted({record["seed"] for record in records})
    facts = [
        f"{arguments.split} split, {len(seeds)} seed(s) ({', '.join(map(str, seeds))}), weights whose tensors have the SHA-256 "
        f"{weights.tensors_sha256(arguments.weights)[:12]}…, "
        f"{datetime.date.today().isoformat()}, {_processor()}, PyTorch {torch.__version__}.",
    ]
    if revealed:
        facts.append(
            f"Secrets read back from {revealed['revealed_images']} released 8-bit pictures: "
            f"PSNR {revealed['revealed_psnr']:.1f} dB. Two covers of one class: the correlation of their δ is "
            f"{revealed['delta_correlation_same_class']:.2f}, the mean difference "
            f"{revealed['delta_mean_difference_same_class']:.2f} levels."
        )
    text = "\n".join([table(cells), "", *[f"- {line}" for line in verdict(cells) + facts]]) + "\n"
    folder = Path(arguments.out)
    folder.mkdir(parents=True, exist_ok=True)
    name = f"table-{arguments.split}"
    (folder / f"{name}.md").write_text(text)
    document = {
        "cells": [{"row": row, "column": column, **cell} for (row, column), cell in cells.items()],
        "verdict": verdict(cells),
        "secrets": revealed,
        "facts": facts,
    }
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1))
    return text


def _processor():
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
