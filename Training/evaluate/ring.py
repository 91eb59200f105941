"""Ring stop: a countermeasure that knows the product's waves have similar lengths in every class.

Finds the annulus of frequencies where the set's radial spectrum exceeds its own trend, and removes
it from every image, test images too. A margin covers the smear of a wave at the image border. The
waves are clipped, so each has weak overtones; JPEG 50 rounds those away. Uses no labels and no
clean images. Where nothing exceeds the trend, nothing changes.
"""

from typing import NamedTuple

import numpy as np

from . import countermeasures, spectrum

# Radial bins: the lowest frequency in cycles per side, and bins per octave, up to half the shorter
# side.
LOWEST, BINS_AN_OCTAVE = 2.5, 8
# The trend of real images: ln power as a cubic in ln frequency, fitted outside the annulus.
DEGREE = 3
# Width of the annulus in bins. Beyond an octave a cubic takes the curve of clean images for a ring.
NARROWEST, WIDEST = 3, 8
# Extra bins removed on either side of the annulus.
MARGIN = 1
# Minimum mean excess of ln power over the trend, absolute and in multiples of the residual scatter.
EXCESS, SCATTER = 0.07, 3


class Ring(NamedTuple):
    """Frequencies from `inner` to `outer`, cycles per side, in one channel of `spectrum`.

    `excess` is the mean excess of ln power.
    """

    channel: int
    inner: float
    outer: float
    excess: float


def radial(pixels, channel):
    """(edges, ln power): the set's mean log power per ring between edges; skips empty rings."""
    height, width = pixels.shape[1:3]
    radius, means = spectrum.radii(height, width), spectrum.mean_log_power(pixels, channel)
    count = int(np.log2(min(height, width) / 2 / LOWEST) * BINS_AN_OCTAVE)
    edges = LOWEST * 2 ** (np.arange(count + 1) / BINS_AN_OCTAVE)
    inside = [
        (radius >= low) & (radius < high) for low, high in zip(edges[:-1], edges[1:], strict=True)
    ]
    full = np.array([bool(ring.any()) for ring in inside])
    return (
        edges[:-1][full],
        edges[1:][full],
        np.array([means[ring].mean() for ring in inside if ring.any()])
    )


def find(pixels):
    """The rings above the trend, at most one per channel."""
    found = []
    for channel in (spectrum.LUMINANCE, spectrum.BLUE):
        low, high, power = radial(pixels, channel)
        powers_of = np.vander(np.log(np.sqrt(low * high)), DEGREE + 1)
        best = None
        for first in range(1, len(power) - NARROWEST):
            # The fit needs points on both sides, and more of them than coefficients.
            for end in range(first + NARROWEST, min(len(power), first + WIDEST + 1)):
                inside = np.zeros(len(power), bool)
                inside[first:end] = True
                trend = np.linalg.lstsq(powers_of[~inside], power[~inside], rcond=None)[0]
                above = power - powers_of @ trend
                excess, scatter = above[inside].mean(), np.sqrt((above[~inside] ** 2).mean())
                score = excess * np.sqrt(end - first) / max(scatter, 0.01)
                if (
                    excess >= EXCESS
                    and excess >= SCATTER * scatter
                    and (best is None or score > best[0])
                ):
                    best = (
                        score, Ring(channel, float(low[first]), float(high[end - 1]), float(excess))
                    )
        if best:
            found.append(best[1])
    return found


def _stopped(ring, height, width):
    """The removed part of the spectrum of an image mirrored to twice its sides, (2 H, W + 1)."""
    wider = 2 ** (MARGIN / BINS_AN_OCTAVE)
    inner, outer = ring.inner / wider, ring.outer * wider
    down, across = (
        np.fft.fftfreq(2 * height, 1 / height)[:, None], np.fft.rfftfreq(2 * width, 1 / width)[None]
    )
    radius = np.hypot(down, across)
    return (radius >= inner) & (radius < outer)


def stop(pixels, rings):
    """The images without the rings, each in its channel: uint8.

    Images are mirrored at the border, which keeps the length of a frequency.
    """
    height, width = pixels.shape[1:3]
    kept = np.ones((2 * height, width + 1, 3))
    for ring in rings:
        kept[_stopped(ring, height, width), ring.channel] = 0
    result = np.empty_like(pixels)
    for start in range(0, len(pixels), spectrum.BATCH):
        planes = pixels[start : start + spectrum.BATCH] @ spectrum.TO_CHANNELS.T
        mirrored = np.pad(planes, ((0, 0), (0, height), (0, width), (0, 0)), mode="symmetric")
        spectra = np.fft.rfft2(mirrored, axes=(1, 2)) * kept
        left = (
            np.fft.irfft2(spectra, mirrored.shape[1:3], axes=(1, 2))[:, :height, :width]
            @ spectrum.FROM_CHANNELS.T
        )
        result[start : start + spectrum.BATCH] = np.clip(np.rint(left), 0, 255)
    return result


def treat(pixels, rings):
    """The images without the rings, then JPEG 50; unchanged if there are no rings."""
    return countermeasures.jpeg50(stop(pixels, rings), 0) if rings else pixels
