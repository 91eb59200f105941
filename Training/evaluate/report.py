"""Turns measured cells into a verdict, a Markdown table, a plot and a JSON file."""

import json
from pathlib import Path

import numpy as np
import torch
from deephiding import weights

from . import columns, detector, frontier, pretrained_control, published, rows

CLEAN_AT_LEAST = 60.0
CONTROL_AT_MOST = 20.0
FRESH_WITHIN = 8.0
PSNR_AT_LEAST = 32.0
# Accuracy that the shipped weights must not exceed, by column.
TARGETS = {"vanilla": 20.0, "JPEG 50": 40.0}
# The same for the sample-wise row, against trainers who know the product or use a pre-trained
# network.
KNOWING_TARGETS = {
    "orthogonal projection": 25.0,
    "wave projection": 40.0,
    "ring stop": 40.0,
    "class mean and components": 40.0,
    "purifier, other keys": 50.0,
    "fine-tuning": 40.0,
}
# Largest lead, in points, of a spectrum classifier on protected images over clean ones.
SPECTRUM_WITHIN = 10.0
# No share of learning is given where clean images score below this under the countermeasure, in
# percent.
COLUMN_CLEAN_AT_LEAST = 30.0
# Largest mean and largest single share of learning over all countermeasures.
MEAN_SHARE, LARGEST_SHARE = 0.20, 0.65


def summarize(records):
    """Mean, lowest and highest accuracy of every (row, column) over the seeds, in record order.

    `probe` is the linear probe's accuracy (`detector`), known for the column `vanilla` only.
    """
    groups = {}
    for record in records:
        groups.setdefault((record["row"], record["column"]), []).append(record)

    def mean(group, name):
        values = [record.get(name) for record in group]
        return None if None in values else float(np.mean(values))

    return {
        key: {
            "mean": mean(group, "accuracy"),
            "low": min(r["accuracy"] for r in group),
            "high": max(r["accuracy"] for r in group),
            "peak": max(r["peak"] for r in group),
            "seeds": len(group),
            "psnr": mean(group, "psnr"),
            "ssim": mean(group, "ssim"),
            "largest_delta": max(r["largest_delta"] for r in group),
            "probe": mean(group, "linear_probe"),
            "chance": 100 / group[0]["classes"],
        }
        for key, group in groups.items()
    }


def remaining(cells, row):
    """A row's share of learning by column: (accuracy - chance) / (clean accuracy there - chance).

    Leaves out columns that clean images fail, which show nothing, and detectors, which are not
    about unseen images.
    """
    return {
        column: (cell["mean"] - cell["chance"])
        / (cells[rows.CLEAN, column]["mean"] - cell["chance"])
        for (name, column), cell in cells.items()
        if name == row and column not in columns.DETECTORS
        if (rows.CLEAN, column) in cells
        and cells[rows.CLEAN, column]["mean"] >= COLUMN_CLEAN_AT_LEAST
    }


def judged(cells, row):
    """The shares that enter a row's mean and maximum.

    These are the columns of the paper's Table I if all were measured, which keeps rows with more
    columns comparable. Otherwise all columns, if the row has every column of the clean row; else
    none.
    """
    left = remaining(cells, row)
    if row == rows.CLEAN:
        return []
    if set(columns.TWELVE) <= left.keys():
        return [share for column, share in left.items() if column in columns.FOURTEEN]
    return list(left.values()) if left.keys() == remaining(cells, rows.CLEAN).keys() else []


def blind(cells):
    """Why nothing can be concluded from these cells, or None."""
    clean, control = cells.get((rows.CLEAN, "vanilla")), cells.get((rows.CONTROL, "vanilla"))
    if clean is None or control is None:
        return "No verdict: the clean row and the control row were not both measured."
    if clean["mean"] < CLEAN_AT_LEAST or control["mean"] > CONTROL_AT_MOST:
        return (
            f"No verdict: this harness cannot see. It needs clean >= {CLEAN_AT_LEAST:.0f} % "
            f"(measured {clean['mean']:.1f}) and the control <= {CONTROL_AT_MOST:.0f} % (measured "
            f"{control['mean']:.1f})."
        )
    return None


def verdict(cells):
    """Sentences: whether the harness works, then whether each target was reached.

    No conclusions if it does not.
    """
    reason = blind(cells)
    if reason:
        return [reason]
    lines = []
    pretrained_reason = pretrained_control.pretrained_blind(cells)
    if pretrained_reason:
        lines.append(pretrained_reason)

    def judge(reached, text):
        lines.append(f"{'Reached' if reached else 'Missed'}: {text}")

    for row in (rows.CLASS_WISE, rows.SAMPLE_WISE, rows.MASKED):
        for column, limit in TARGETS.items():
            cell = cells.get((row, column))
            if cell is not None:
                reached = cell["mean"] <= limit
                judge(reached, f"{row}, {column} <= {limit:.0f} %, measured {cell['mean']:.1f}.")
        plain = cells.get((row, "vanilla"))
        if plain is not None:
            psnr = plain["psnr"] or 0
            judge(
                psnr >= PSNR_AT_LEAST,
                f"{row}, PSNR >= {PSNR_AT_LEAST:.0f} dB, measured {psnr:.2f}.",
            )
    _judge_all_countermeasures(cells, judge)
    _judge_knowing(cells, judge)
    fresh = cells.get((rows.FRESH, "vanilla"))
    if fresh is not None:
        gap = cells[rows.CLEAN, "vanilla"]["mean"] - fresh["mean"]
        judge(
            gap <= FRESH_WITHIN,
            "with a fresh secret for every image accuracy stays within "
            f"{FRESH_WITHIN:.0f} points of clean, measured {gap:.1f} below.",
        )
    return lines


def _judge_all_countermeasures(cells, judge):
    """Judges the means over the paper's Table I, for complete rows: targets and other methods."""
    shares = {
        row: judged(cells, row)
        for row in dict.fromkeys(row for row, _ in cells)
        if set(columns.TWELVE) <= remaining(cells, row).keys() and row != rows.CLEAN
    }
    means = {row: float(np.mean(share)) for row, share in shares.items()}
    for row in (rows.CLASS_WISE, rows.SAMPLE_WISE):
        if row not in means:
            continue
        for name, share, limit in (
            ("mean", means[row], MEAN_SHARE), ("max", max(shares[row]), LARGEST_SHARE)
        ):
            judge(share <= limit, f"{row}, {name} r <= {limit}, measured {share:.2f}.")
    ours = (rows.CLASS_WISE, rows.SAMPLE_WISE, rows.SOFT)
    others = {row: mean for row, mean in means.items() if row not in ours}
    for row in ours[:2]:
        if row in means and others:
            best = min(others, key=others.get)
            judge(
                means[row] < others[best],
                f"{row}: mean r {means[row]:.2f}, below every other method's; the best of those, "
                f"{best}, has {others[best]:.2f}.",
            )


def measured(records):
    """When and on what the records were measured, such as "2026-11-21, AMD EPYC".

    Lists several if they differ.
    """
    found = sorted({(record["date"], record["processor"]) for record in records})
    days = {}
    for day, machine in found:
        days.setdefault(machine, []).append(day)
    return " and ".join(
        f"{d[0]}{f' to {d[-1]}' if len(d) > 1 else ''}, {machine}" for machine, d in days.items()
    )


def _judge_knowing(cells, judge):
    """Judges the sample-wise row against knowing trainers and those with a pre-trained network."""
    for column, limit in KNOWING_TARGETS.items():
        cell = cells.get((rows.SAMPLE_WISE, column))
        if cell is None or column not in remaining(cells, rows.SAMPLE_WISE):
            continue
        clean = cells[rows.CLEAN, column]["mean"]
        judge(
            cell["mean"] <= limit,
            f"sample-wise, {column} <= {limit:.0f} %, measured {cell['mean']:.1f} (clean "
            f"{clean:.1f}).",
        )
    told, clean = (cells.get((row, columns.SPECTRUM)) for row in (rows.SAMPLE_WISE, rows.CLEAN))
    if told and clean:
        gap = told["mean"] - clean["mean"]
        judge(
            gap <= SPECTRUM_WITHIN,
            "sample-wise, a linear model tells the classes of the set by spectra alone within "
            f"{SPECTRUM_WITHIN:.0f} points of clean pictures, measured {told['mean']:.1f} against "
            f"{clean['mean']:.1f}.",
        )


def table(cells):
    """The cells as a Markdown table: accuracy in percent, mean (lowest-highest) over the seeds."""
    titles = list(dict.fromkeys(column for _, column in cells))
    lines = [["test accuracy, %", *titles]]
    for row in dict.fromkeys(row for row, _ in cells):
        lines.append([row, *(_shown(cells.get((row, column))) for column in titles)])
    return _markdown(lines)


def figures(cells, looks=None):
    """Quality of each row, and the mean and largest share of learning (`judged`), as Markdown.

    `looks` maps rows to their median SSIMULACRA2; without it that column is left out.
    """
    seen = ["SSIMULACRA2"] if looks else []
    lines = [
        [
            "",
            "PSNR dB",
            "SSIM",
            *seen,
            "largest \\|δ\\|",
            "told apart by a linear probe, %",
            "mean r",
            "max r",
        ]
    ]
    for row in dict.fromkeys(row for row, _ in cells):
        first = next(cell for (name, _), cell in cells.items() if name == row)
        shown = ["-" if first["psnr"] is None else f"{first['psnr']:.2f}", f"{first['ssim']:.3f}"]
        if looks:
            shown.append(f"{looks[row]:.0f}" if row in looks else "-")
        shown.append(str(first["largest_delta"]))
        shown.append("-" if first["probe"] is None else f"{first['probe']:.0f}")
        left = judged(cells, row)
        shown += [f"{np.mean(left):.2f}", f"{max(left):.2f}"] if left else ["-", "-"]
        lines.append([row, *shown])
    return _markdown(lines)


def peaks(cells):
    """Best accuracy over epochs and seeds, as a Markdown table: what early stopping can reach."""
    titles = list(dict.fromkeys(column for _, column in cells))
    lines = [["highest on the way", *titles]]
    for row in dict.fromkeys(row for row, _ in cells):
        lines.append(
            [row, *(f"{cells[row, c]['peak']:.1f}" if (row, c) in cells else "-" for c in titles)]
        )
    return _markdown(lines)


def mixtures(cells):
    """Partly protected sets beside their clean part alone, as a Markdown table or None."""
    lines = [["protected share of each class", "all pictures", "the clean part alone"]]
    for share in rows.SHARES:
        mixed, alone = (cells.get((name, "vanilla")) for name in rows.mixture(share))
        if mixed or alone:
            lines.append([f"{share:.0%}", _shown(mixed), _shown(alone)])
    return _markdown(lines) if len(lines) > 1 else None


def papers_rows(cells):
    """The paper's results for the columns measured here, as a Markdown table."""
    titles = [
        c
        for c in dict.fromkeys(column for _, column in cells)
        if c in published.CIFAR10[rows.CLEAN]
    ]
    lines = [["as the paper reports it", *titles]]
    lines += [
        [row, *(f"{figures[column]:.1f}" for column in titles)]
        for row, figures in published.CIFAR10.items()
    ]
    return _markdown(lines)


def _markdown(lines):
    """Formats rows of cells, titles first; a wide table is transposed."""
    if len(lines[0]) > 12:
        lines = list(zip(*lines))
    rows_of_text = ["| " + " | ".join(line) + " |" for line in lines]
    rows_of_text.insert(1, "|" + "---|" * len(lines[0]))
    return "\n".join(rows_of_text)


def _shown(cell):
    if cell is None:
        return "-"
    if cell["seeds"] == 1:
        return f"{cell['mean']:.1f}"
    return f"{cell['mean']:.1f} ({cell['low']:.1f}-{cell['high']:.1f})"


def picture(cells, path):
    """Plots the share of learning that each row leaves, by column, as a PNG."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    titles = list(dict.fromkeys(column for _, column in cells))
    names = [
        row
        for row in dict.fromkeys(row for row, _ in cells)
        if row != rows.CLEAN and remaining(cells, row)
    ]
    values = np.full((len(names), len(titles)), np.nan)
    for i, row in enumerate(names):
        for column, value in remaining(cells, row).items():
            values[i, titles.index(column)] = value
    figure, axes = pyplot.subplots(figsize=(2 + 0.55 * len(titles), 1.8 + 0.35 * len(names)))
    image = axes.imshow(values, vmin=0, vmax=1, cmap="RdYlGn_r", aspect="auto")
    axes.set_xticks(range(len(titles)), titles, rotation=60, ha="right", fontsize=8)
    axes.set_yticks(range(len(names)), names, fontsize=8)
    for (i, j), value in np.ndenumerate(values):
        if not np.isnan(value):
            axes.text(j, i, f"{value:.2f}", ha="center", va="center", fontsize=6)
    figure.colorbar(image, label="share of learning left (0: none, 1: as clean)")
    figure.tight_layout()
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def write(records, alike, seen, setting, name):
    """Writes NAME.md, NAME.json, NAME.png and NAME-frontier.png; returns the Markdown.

    `seen` maps rows to the median SSIMULACRA2 of each seed.
    """
    cells = summarize(records)
    looks = {row: float(np.mean(scores)) for row, scores in seen.items()}
    seeds = sorted({record["seed"] for record in records})
    facts = [
        f"{setting.split} split, {setting.images or 'all'} training images, "
        f"{setting.recipe.learner}, {len(seeds)} seed(s) ({', '.join(map(str, seeds))}), "
        f"{weights.stated(setting.tool.weights)}, {measured(records)}, "
        f"PyTorch {torch.__version__}, {setting.recipe.precision}.",
        "r is the share of learning that is left: (accuracy - chance) / (accuracy on clean "
        f"images - chance); where a row has the {len(columns.TWELVE)} countermeasures that the "
        "paper compares first, its mean and largest are over those alone. The linear probe of "
        "pixels tells the class of a fifth of the training images that it was not fitted to; "
        f"above {detector.FLAGGED_ABOVE:.0f} % somebody who looks for it sees that a set is "
        "protected.",
    ]
    if alike:
        facts.append(
            "Two covers of one class, sample-wise: the correlation of their δ is "
            f"{alike['delta_correlation_same_class']:.2f}, the mean difference "
            f"{alike['delta_mean_difference_same_class']:.2f} levels."
        )
    whole = {
        (row, column): cell for (row, column), cell in cells.items() if row not in rows.MIXTURES
    }
    if looks:
        facts.append(
            "SSIMULACRA2 is the median of 50 pictures, small ones enlarged to 256 pixels: 90 and "
            "above cannot be told from the original, 70 is seen side by side and does not annoy, "
            "50 annoys slightly."
        )
    tables = [table(whole), figures(whole, looks), peaks(whole), mixtures(cells)]
    tables += [papers_rows(cells)] if name.startswith("full") else []
    text = (
        "\n\n".join(
            [*filter(None, tables), "\n".join(f"- {line}" for line in verdict(cells) + facts)]
        )
        + "\n"
    )
    folder = Path(setting.out)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.md").write_text(text)
    document = {
        "cells": [{"row": row, "column": column, **cell} for (row, column), cell in cells.items()],
        "remaining": {row: remaining(cells, row) for row in dict.fromkeys(row for row, _ in cells)},
        "verdict": verdict(cells),
        "ssimulacra2": looks,
        "likeness": alike,
        "facts": facts,
    }
    (folder / f"{name}.json").write_text(json.dumps(document, indent=1) + "\n")
    picture(whole, folder / f"{name}.png")
    frontier.draw(lambda row: remaining(whole, row), looks, folder / f"{name}-frontier.png")
    return text
