"""Where a picture was changed: in its flat parts or in its busy ones."""

import numpy as np
from scipy.ndimage import uniform_filter

from . import colour

# A quarter of a degree at 60 pixels a degree.
WINDOW = 15


def activity(image):
    """Standard deviation of the luma around every pixel (H, W) of a uint8 picture, in a window of 15 x 15 pixels."""
    values = colour.luma(image).astype(np.float64)
    mean = uniform_filter(values, WINDOW, mode="reflect")
    return np.sqrt(
        np.maximum(uniform_filter(values * values, WINDOW, mode="reflect") - mean * mean, 0)
    )


def by_quartile(original, released):
    """Largest |δ| and root mean square of δ in the four quarters of the pixels, from the flattest to the busiest."""
    change = np.abs(released.astype(np.int16) - original).reshape(-1, original.shape[-1])
    # Ties fall by position, so that a quarter is a quarter in a picture that is flat all over too.
    order = np.argsort(activity(original).ravel(), kind="stable")
    quarters = [change[part] for part in np.array_split(order, 4)]
    largest = [int(quarter.max()) for quarter in quarters]
    return (
        largest, [float(np.sqrt((quarter.astype(np.float64) ** 2).mean())) for quarter in quarters]
    )
