"""Plots protection against visibility, one point per method; the best are at the top right."""

from . import rows

GATE = 70.0
# What a trainer may do, by panel. A panel shows the largest share of learning that any of its
# columns leaves.
PANELS = {
    "no countermeasure": ("vanilla",),
    "recompressed or gray": ("JPEG 50", "grayscale"),
    "looks at the set's spectra": ("wave projection", "ring stop"),
}


def points(remaining, looks):
    """{panel: {row: (median SSIMULACRA2, protection)}}.

    Protection is 1 - r at the panel's worst column. A panel shows the rows for which all of its
    columns were measured. `remaining` gives the shares of learning that a row leaves, by column;
    `looks` maps rows to their median SSIMULACRA2.
    """
    found = {}
    for panel, columns in PANELS.items():
        found[panel] = {}
        for row, score in looks.items():
            left = remaining(row)
            if row != rows.CLEAN and set(columns) <= left.keys():
                found[panel][row] = (score, 1 - max(left[column] for column in columns))
    return found


def draw(remaining, looks, path):
    """Writes the plot as a PNG: one panel per kind of trainer, the visibility gate as a line."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    found = {panel: methods for panel, methods in points(remaining, looks).items() if methods}
    if not found:
        return
    names = list(dict.fromkeys(row for methods in found.values() for row in methods))
    colours = pyplot.get_cmap("tab10" if len(names) <= 10 else "tab20").colors
    figure, axes = pyplot.subplots(
        1, len(found), figsize=(4.3 * len(found), 5.2), sharey=True, squeeze=False
    )
    for place, (panel, methods) in zip(axes[0], found.items()):
        for row, (score, protection) in methods.items():
            ours = row in rows.OURS
            place.scatter(
                score, protection, s=90 if ours else 55, marker="o" if ours else "^",
                color=colours[names.index(row) % len(colours)], edgecolor="k", linewidth=0.6,
                label=row, zorder=3,
            )  # fmt: skip
        place.axvline(GATE, color="k", linestyle=":", linewidth=1)
        place.axhline(0, color="k", linewidth=0.5)
        place.set_title(panel, fontsize=10)
        place.set_xlabel("median SSIMULACRA2 (100: equal; dotted: the gate)")
        place.set_xlim(right=100)
        place.set_ylim(-0.1, 1.1)
        place.grid(alpha=0.3)
    axes[0, 0].set_ylabel("protection, 1 - r, at the worst of the panel's columns")
    handles = {
        label: handle
        for place in axes[0]
        for handle, label in zip(*place.get_legend_handles_labels())
    }
    figure.legend(handles.values(), handles.keys(), loc="lower center", ncol=3, fontsize=8)
    figure.tight_layout(rect=(0, 0.04 + 0.035 * -(-len(handles) // 3), 1, 1))
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
