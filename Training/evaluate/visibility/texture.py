"""Where an image was changed: in its flat or its busy parts."""

import numpy as np
from scipy.ndimage import uniform_filter

from . import colour

# A quarter of a degree at 60 pixels per degree.
WINDOW = 15


def activity(image):
    """Standard deviation of the luma in 15x15 pixels around every pixel (H, W); uint8 in."""
    values = colour.luma(image).astype(np.float64)
    mean = uniform_filter(values, WINDOW, mode="reflect")
    return np.sqrt(
        np.maximum(uniform_filter(values * values, WINDOW, mode="reflect") - mean * mean, 0)
    )


def by_quartile(original, released):
    """Largest |δ| and RMS of δ per quarter of the pixels, from the flattest to the busiest."""
    change = np.abs(released.astype(np.int16) - original).reshape(-1, original.shape[-1])
    # Ties are broken by position, so the quarters are equal even in a flat image.
    order = np.argsort(activity(original).ravel(), kind="stable")
    quarters = [change[part] for part in np.array_split(order, 4)]
    largest = [int(quarter.max()) for quarter in quarters]
    return (
        largest, [float(np.sqrt((quarter.astype(np.float64) ** 2).mean())) for quarter in quarters]
    )
