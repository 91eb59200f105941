"""The control of the `pretrained` columns: can a table measure pre-trained networks at all?"""

from . import pretrained, rows

# The probe that is judged, its minimum on clean images, and its maximum on the control's.
JUDGED = str(pretrained.Probe("Lite0", 100))
CLEAN_AT_LEAST, CONTROL_AT_MOST = 60.0, 30.0


def pretrained_blind(cells):
    """Why nothing can be concluded about pre-trained networks from `report.summarize`'s cells.

    None if something can, or if there are no such cells. The control is made on Lite0. It shows
    that a perturbation of +-8 levels can mislead the harness's probe, fine-tuning and neighbours
    there. It carries over to Lite2's columns only as far as the two networks see alike.
    """
    if not any(column in pretrained.ALL for _, column in cells):
        return None
    clean, control = cells.get((rows.CLEAN, JUDGED)), cells.get((rows.LITE0_PATTERN, JUDGED))
    if clean is None or control is None:
        return (
            f"No verdict on pre-trained networks: '{JUDGED}' was not measured for both the row "
            f"'{rows.CLEAN}' and the row '{rows.LITE0_PATTERN}'."
        )
    if clean["mean"] < CLEAN_AT_LEAST or control["mean"] > CONTROL_AT_MOST:
        return (
            f"No verdict on pre-trained networks: '{JUDGED}' needs clean >= {CLEAN_AT_LEAST:.0f} % "
            f"(measured {clean['mean']:.1f}) and the row '{rows.LITE0_PATTERN}' <= "
            f"{CONTROL_AT_MOST:.0f} % (measured {control['mean']:.1f})."
        )
    return None
