"""Whether a table can see through pre-trained networks at all: the control that its columns of `pretrained` need."""

from . import pretrained, rows

# The probe that is judged, and what it must reach on clean pictures and must not on the control's.
JUDGED = str(pretrained.Probe("Lite0", 100))
CLEAN_AT_LEAST, CONTROL_AT_MOST = 60.0, 30.0


def pretrained_blind(cells):
    """Why nothing may be concluded about pre-trained networks from `report.summarize`'s cells; None if
    something may, or none are there.

    The control is made on Lite0, so that it says that a change of +-8 levels can blind the harness's probe,
    fine-tuning and neighbours there. That Lite2's columns see too follows only as far as the two have the same
    kind of eyes.
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
