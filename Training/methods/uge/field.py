"""The secret field of colours: one direction for each tile of a picture.

The change of a protected picture lies along the field, and the licensed learner leaves the field
out of every pixel. What it gets of a protected picture is then what it gets of the original, up to
rounding, so that its gradients match at every step and not only where they were matched. A photo's
colours say much the same thing three times, so that little is lost with one direction of three.
"""

import numpy as np

# Degrees between every direction and gray. At 0 the learner would lose all brightness; at 90 the
# change would be colour alone, which JPEG drops first.
TILT = 30.0
TILES = 4
# The colour whose change the field carries: most of brightness, and the same in all tiles, so that
# patterns cross them without a change of sign.
CARRIER = np.array((0.2, 1, -0.1), np.float32) / np.float32(np.sqrt(1.05))
# What the carried change is multiplied by before it is bounded: a third of all of it.
GAIN = 3.0
GRAY, RED, YELLOW = (
    np.array(axis) / np.linalg.norm(axis) for axis in ((1, 1, 1), (1, -1, 0), (1, 1, -2))
)


def drawn(rng, tiles=TILES, tilt=TILT):
    """Unit vectors of red, green and blue, float32 (tiles, tiles, 3): gray tilted to hues."""
    hue = rng.uniform(0, 2 * np.pi, (tiles, tiles, 1))
    chroma = np.cos(hue) * RED + np.sin(hue) * YELLOW
    tilted = np.cos(np.deg2rad(tilt)) * GRAY + np.sin(np.deg2rad(tilt)) * chroma
    return tilted.astype(np.float32)


def spread(field, height, width):
    """The field at every pixel, (height, width, 3)."""
    tiles = len(field)
    rows, columns = (np.arange(side) * tiles // side for side in (height, width))
    return field[rows][:, columns]


def carried(change, field, carrier=CARRIER, gain=GAIN, bound=8.0):
    """A change (N, H, W, 3) in levels, moved from the carrier to the field, within +-`bound`.

    Each pixel is softly bounded as a whole, so that it stays in the field.
    """
    directions = spread(field, *change.shape[1:3])
    along = gain * (change @ carrier)
    excess = along * np.abs(directions).max(-1) / bound
    return (along / np.sqrt(1 + excess**2))[..., None] * directions


class View:
    """How a licensed learner sees uint8 pictures (N, H, W, 3): all but their part along a field."""

    def __init__(self, field):
        self.field = field

    def __call__(self, pixels):
        directions = spread(self.field, *pixels.shape[1:3])
        centred = pixels.astype(np.float32) - 128
        seen = centred - (centred * directions).sum(-1, keepdims=True) * directions + 128
        return np.clip(seen, 0, 255).round().astype(np.uint8)

