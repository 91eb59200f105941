"""Visibility metrics for uint8 sRGB images (H, W, 3), viewed at one screen pixel per pixel."""

import re
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image

from .. import quality
from . import scielab, texture

BUTTERAUGLI = "butteraugli_main"
# Six scales, the smallest of 8 pixels; below that, SSIMULACRA2's weights no longer fit the scales.
SSIMULACRA2_SIDE = 8 * 2**5


class MetricError(Exception):
    """A metric is unavailable; the message says what to do."""


def ssimulacra2(original, released):
    """SSIMULACRA2 by the package of that name.

    100: equal; 90: not told apart; 70: visible only side by side.
    """
    with tempfile.TemporaryDirectory(prefix="palimpsest-look-") as folder:
        return _ssimulacra2(*_written(folder, original, released))


def butteraugli(original, released):
    """Butteraugli's maximum and 3-norm by libjxl's `butteraugli_main`.

    Below 1 a change is hard to see, above 2 it is visible.
    """
    with tempfile.TemporaryDirectory(prefix="palimpsest-look-") as folder:
        return _butteraugli(*_written(folder, original, released))


def flip(original, released):
    """Mean of NVIDIA's FLIP, 0 to 1, at its default 67 pixels per degree.

    It models two images shown in alternation.
    """
    import flip_evaluator

    first, second = (
        np.ascontiguousarray(image, np.float32) / 255 for image in (original, released)
    )
    return float(flip_evaluator.evaluate(first, second, "LDR", applyMagma=False)[1])


def s_cielab(original, released):
    """95th and 99.5th percentiles of S-CIELAB's ΔE00 over the pixels."""
    return tuple(
        float(value) for value in np.percentile(scielab.difference(original, released), (95, 99.5))
    )


def quick(original, released):
    """The metrics that take a second or less per megapixel."""
    _refuse(original, released)
    largest, rms = texture.by_quartile(original, released)
    return {
        "ssimulacra2": ssimulacra2(original, released),
        "psnr": quality.psnr(original[None], released[None]),
        "ssim": quality.ssim(original[None], released[None]),
        "largest_delta_by_texture": largest,
        "rms_delta_by_texture": [round(value, 3) for value in rms],
    }


def slow(original, released):
    """The other metrics."""
    _refuse(original, released)
    largest, norm = butteraugli(original, released)
    high, highest = s_cielab(original, released)
    return {
        "butteraugli_max": largest,
        "butteraugli_3": norm,
        "flip": flip(original, released),
        "s_cielab_95": high,
        "s_cielab_99.5": highest,
    }


def versions():
    """The versions of the metrics' tools, in one line."""
    command = ["dpkg-query", "-W", "-f", "${Version}", "libjxl-devtools"]
    try:
        libjxl = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        libjxl = "of unknown version"
    return (
        f"ssimulacra2 {version('ssimulacra2')}, flip-evaluator {version('flip-evaluator')}, "
        f"libjxl-devtools {libjxl}"
    )


def _refuse(original, released):
    if original.shape != released.shape or original.dtype != np.uint8 or released.dtype != np.uint8:
        raise MetricError(
            f"two uint8 pictures of one size are compared, not {original.dtype} {original.shape} "
            f"with {released.dtype} {released.shape}"
        )


def _written(folder, original, released):
    _refuse(original, released)
    paths = [Path(folder) / f"{name}.ppm" for name in ("original", "released")]
    for path, image in zip(paths, (original, released)):
        Image.fromarray(image).save(path)
    return paths


def _ssimulacra2(original, released):
    from ssimulacra2 import compute_ssimulacra2

    with Image.open(original) as image:
        if min(image.size) < SSIMULACRA2_SIDE:
            raise MetricError(
                f"SSIMULACRA2 needs pictures of {SSIMULACRA2_SIDE} pixels a side, not "
                f"{image.width}x{image.height}: enlarge them"
            )
    return float(compute_ssimulacra2(original, released))


def _butteraugli(original, released):
    command = [BUTTERAUGLI, str(original), str(released), "--pnorm", "3"]
    try:
        outcome = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise MetricError(f"{BUTTERAUGLI} is missing: install Debian's libjxl-devtools") from error
    found = re.fullmatch(r"\s*(\S+)\s+3-norm: (\S+)\s*", outcome.stdout)
    if outcome.returncode or not found:
        said = outcome.stdout + outcome.stderr[-2000:]
        raise MetricError(f"{' '.join(command)} ended with {outcome.returncode}: {said}")
    return float(found[1]), float(found[2])
