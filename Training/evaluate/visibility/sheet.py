"""The contact sheet: original, protected and difference.

Beside them are both at 100 %, where the change is most visible.
"""

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import uniform_filter

from . import scielab

TIMES = 8
GRAY, GAP, CAPTION = 128, 6, 20
PHOTO, CROP = (330, 240), 240
COLUMNS = (
    f"original, protected, difference x {TIMES}, and where the change is seen most, at 100 %: "
    "original, protected"
)


def difference(original, released):
    """The change, amplified around gray; uint8."""
    change = released.astype(np.int16) - original
    return np.clip(GRAY + TIMES * change, 0, 255).astype(np.uint8)


def worst_place(original, released, width, height):
    """Top and left of the window with the largest mean S-CIELAB difference."""
    shown = scielab.difference(original, released)
    height, width = min(height, shown.shape[0]), min(width, shown.shape[1])
    means = uniform_filter(shown.astype(np.float64), (height, width), mode="constant")
    # The filter's value at a window's centre, for the windows that fit entirely.
    inside = means[height // 2 :, width // 2 :][
        : shown.shape[0] - height + 1, : shown.shape[1] - width + 1
    ]
    top, left = np.unravel_index(np.argmax(inside), inside.shape)
    return int(top), int(left)


def line(original, released, caption):
    """One photo's line of the sheet; uint8."""
    top, left = worst_place(original, released, CROP, CROP)
    crops = [image[top : top + CROP, left : left + CROP] for image in (original, released)]
    whole = [_fitted(image) for image in (original, released, difference(original, released))]
    return above(caption, beside([*whole, *crops]))


def choose(records, count):
    """Indices of `count` evenly spread records, from the worst SSIMULACRA2 to the best."""
    order = sorted(range(len(records)), key=lambda i: records[i]["ssimulacra2"])
    return [
        order[i]
        for i in np.unique(
            np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(int)
        )
    ]


def beside(images):
    """Images side by side on white, with a gap."""
    height, width = (
        max(len(image) for image in images), sum(image.shape[1] + GAP for image in images) - GAP
    )
    canvas = np.full((height, width, 3), 255, np.uint8)
    left = 0
    for image in images:
        canvas[: len(image), left : left + image.shape[1]] = image
        left += image.shape[1] + GAP
    return canvas


def under(images):
    """Images stacked on white, with a gap."""
    turned = beside([image.transpose(1, 0, 2) for image in images])
    return np.ascontiguousarray(turned.transpose(1, 0, 2))


def above(caption, image):
    """An image with a caption above it."""
    strip = Image.new("RGB", (image.shape[1], CAPTION), "white")
    ImageDraw.Draw(strip).text((2, 2), caption, fill="black", font=_font())
    return np.concatenate([np.asarray(strip), image])


def _fitted(image):
    """An image downscaled to fit a field of fixed size, centred on white."""
    scaled = Image.fromarray(image)
    scaled.thumbnail(PHOTO, Image.LANCZOS)
    canvas = Image.new("RGB", PHOTO, "white")
    canvas.paste(scaled, ((PHOTO[0] - scaled.width) // 2, (PHOTO[1] - scaled.height) // 2))
    return np.asarray(canvas)


def _font():
    from matplotlib import font_manager

    return ImageFont.truetype(font_manager.findfont("DejaVu Sans"), 13)
