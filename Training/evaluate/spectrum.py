"""Power spectra of images, for attackers who search for waves.

Frequencies are (vertical, horizontal) in cycles per image side, so they mean the same at every
size.
"""

import numpy as np

BATCH = 200
# Images up to this side are padded fourfold, to resolve peaks between two frequencies; larger ones
# twofold, for speed.
SMALL = 64
# From levels (R, G, B) to the luminance-like mean of red and green, blue minus that, and red minus
# green; and back.
TO_CHANNELS = np.array([[0.5, 0.5, 0], [-0.5, -0.5, 1], [1, -1, 0]])
FROM_CHANNELS = np.linalg.inv(TO_CHANNELS)
LUMINANCE, BLUE = 0, 1
# Amplitude in levels of a wave that 8-bit rounding hides. Without this floor overtones win, since
# they lie where images have the least power.
UNSEEN = 0.5


def channel(pixels, index):
    """One row of `TO_CHANNELS` applied to levels (N, H, W, 3): float64 (N, H, W)."""
    return pixels @ TO_CHANNELS[index]


def padded_side(side):
    return side * (4 if side <= SMALL else 2)


def frequencies(height, width):
    """The (vertical, horizontal) frequencies of what `powers` yields, broadcastable."""
    down = np.fft.fftfreq(padded_side(height), 1 / height)[:, None]
    return down, np.fft.rfftfreq(padded_side(width), 1 / width)[None]


def radii(height, width):
    return np.hypot(*frequencies(height, width))


def powers(pixels, index):
    """Yields batches of power spectra (n, padded H, padded W / 2 + 1) of one channel.

    Removes the mean and applies a Hann window.
    """
    height, width = pixels.shape[1:3]
    window = np.outer(np.hanning(height), np.hanning(width))
    for start in range(0, len(pixels), BATCH):
        plane = channel(pixels[start : start + BATCH], index)
        plane = plane - (plane * window).sum((1, 2), keepdims=True) / window.sum()
        yield np.abs(np.fft.rfft2(plane * window, (padded_side(height), padded_side(width)))) ** 2


def mean_log_power(pixels, index):
    """Mean over images of ln(power + that of a wave of `UNSEEN` levels), for one channel.

    The shape is (padded H, padded W / 2 + 1).
    """
    height, width = pixels.shape[1:3]
    # A Hann window sums to half a side per axis, and half of a wave's amplitude is in each of its
    # two frequencies.
    floor = (UNSEEN * height * width / 8) ** 2
    return sum(np.log(power + floor).sum(0) for power in powers(pixels, index)) / len(pixels)


# Sectors per half turn, rings per octave, and the innermost frequency (cycles per side); up to half
# the shorter side.
SECTORS, RINGS_AN_OCTAVE, INNERMOST = 12, 4, 2


def polar(pixels):
    """Radial-angular log spectra (N, features) of luminance and blue: ln power per sector.

    Ignores phase, so it recognises a class's wave wherever it starts.
    """
    height, width = pixels.shape[1:3]
    down, across = frequencies(height, width)
    radius, turn = np.hypot(down, across), np.arctan2(down, across) % np.pi / np.pi
    ring = np.floor(np.log2(np.maximum(radius, 1e-9) / INNERMOST) * RINGS_AN_OCTAVE).astype(int)
    inside = (ring >= 0) & (radius <= min(height, width) / 2)
    bins = (ring * SECTORS + np.minimum((turn * SECTORS).astype(int), SECTORS - 1))[inside]
    # Leaves out sectors of small rings that contain no frequency.
    _, bins, counts = np.unique(bins, return_inverse=True, return_counts=True)
    order = np.argsort(bins, kind="stable")
    starts = np.searchsorted(bins[order], np.arange(len(counts)))
    floor = (UNSEEN * height * width / 8) ** 2
    channels = []
    for index in (LUMINANCE, BLUE):
        sums = [
            np.add.reduceat(power[:, inside][:, order], starts, 1) / counts
            for power in powers(pixels, index)
        ]
        channels.append(np.log(np.concatenate(sums) + floor))
    return np.concatenate(channels, 1)
