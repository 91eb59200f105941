"""Turns the photos' records into tables, sentences and facts."""

import numpy as np

# Name, title, digits, and whether more is better.
MEASURES = (
    ("ssimulacra2", "SSIMULACRA2", 1, True),
    ("butteraugli_max", "butteraugli max", 2, False),
    ("butteraugli_3", "butteraugli 3-norm", 2, False),
    ("flip", "FLIP mean", 3, False),
    ("s_cielab_95", "S-CIELAB 95th %", 2, False),
    ("s_cielab_99.5", "S-CIELAB 99.5th %", 2, False),
    ("psnr", "PSNR dB", 1, True),
    ("ssim", "SSIM", 3, True),
)
# Median and 10th percentile of SSIMULACRA2: not annoying side by side, and no more visible than
# JPEG 92.
GATE, GOAL = (70, 60), (85, 80)


def summarize(records):
    """{(size, row): {measure: {median, tail, worst, worst_photo}}} in the order of the records.

    The tail is the 10th percentile over the photos, or the 90th where less is better. Per quarter
    of the pixels, from the flattest to the busiest, it also gives the largest |δ| of all photos and
    the median of δ's root mean square.
    """
    groups = {}
    for record in records:
        groups.setdefault((record["size"], record["row"]), []).append(record)
    return {key: _summary(group) for key, group in groups.items()}


def _summary(group):
    result = {"photos": len(group)}
    for name, _, _, more_is_better in MEASURES:
        # Equal images have no PSNR.
        found = [
            (record[name], record["photo"]) for record in group if record.get(name) is not None
        ]
        if found:
            values = [value for value, _ in found]
            worst, photo = (min if more_is_better else max)(found)
            result[name] = {
                "median": float(np.median(values)),
                "tail": float(np.percentile(values, 10 if more_is_better else 90)),
                "worst": worst,
                "worst_photo": photo,
            }
    result["largest_delta_by_texture"] = np.max(
        [r["largest_delta_by_texture"] for r in group], 0
    ).tolist()
    result["rms_delta_by_texture"] = (
        np.median([r["rms_delta_by_texture"] for r in group], 0).round(3).tolist()
    )
    return result


def tables(cells):
    """One Markdown table per size: median (10th or 90th percentile, worst) over the photos."""
    made = []
    for size in dict.fromkeys(size for size, _ in cells):
        shown = [
            m for m in MEASURES if any(m[0] in cell for (s, _), cell in cells.items() if s == size)
        ]
        lines = [
            [
                f"photos, each {size}",
                *(m[1] for m in shown),
                "largest \\|δ\\|, flat to busy",
                "worst photo",
            ]
        ]
        for (_, row), cell in ((key, cell) for key, cell in cells.items() if key[0] == size):
            values = [_cell(cell.get(name), digits) for name, _, digits, _ in shown]
            values.append(" ".join(map(str, cell["largest_delta_by_texture"])))
            lines.append([row, *values, cell["ssimulacra2"]["worst_photo"]])
        text = ["| " + " | ".join(line) + " |" for line in lines]
        text.insert(1, "|" + "---|" * len(lines[0]))
        made.append("\n".join(text))
    return made


def _cell(value, digits):
    if value is None:
        return "-"
    return f"{value['median']:.{digits}f} ({value['tail']:.{digits}f}, {value['worst']:.{digits}f})"


def reached(cell, limits):
    """Whether a row's SSIMULACRA2 reaches this median and this 10th percentile."""
    return cell["ssimulacra2"]["median"] >= limits[0] and cell["ssimulacra2"]["tail"] >= limits[1]


def verdict(cells, variants):
    """For every variant and size, whether the gate and the goal were reached."""
    lines = []
    for name, limits in (("", GATE), (" (goal)", GOAL)):
        for (size, row), cell in cells.items():
            if row in variants:
                score, word = cell["ssimulacra2"], "Reached" if reached(cell, limits) else "Missed"
                lines.append(
                    f"{word}{name}: {row}, photos each {size}: median SSIMULACRA2 >= {limits[0]} "
                    f"and 10th percentile >= {limits[1]}, measured {score['median']:.1f} and "
                    f"{score['tail']:.1f}."
                )
    return lines


LEGEND = (
    "Each figure is the median over the photos; in brackets the 10th percentile, or the 90th "
    "where less is better, and the worst. The worst photo is SSIMULACRA2's. Flat to busy: the "
    "quarters of a photo's pixels by the standard deviation of the luma in 15x15 pixels; the "
    "largest |δ| is that of all photos."
)
