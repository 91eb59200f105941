"""Wave projection: a countermeasure that knows the product adds one wave per class.

Needs only the labelled set: no seed, no clean images and no copy of the product. Every class's
waves are removed from every image, so what is missing reveals no class, and from test images too.
"""

from typing import NamedTuple

import numpy as np

from . import spectrum

# Slower waves are content: the window alone spreads an image's brightness that far. Cycles per
# side.
SLOWEST = 3
# Distance, in cycles per side, of the neighbours projected out with a wave: one that does not fit a
# whole number of times leaks there.
NEIGHBOUR = 1 / 3
# A wave counts as found within half a cycle per side, less than an image's resolution.
WITHIN = 0.5
# How often the set is searched. The waves are clipped, so each has overtones, which stand out once
# the waves are gone. In small images they alias at half the sampling rate.
ROUNDS = 2
# A direction of the span is kept from this share of the strongest one.
TOLERANCE = 0.05


class Wave(NamedTuple):
    """One class's wave in one channel of `spectrum`.

    It has a frequency in cycles per side and an excess (natural logarithm).
    """

    label: int
    channel: int
    vertical: float
    horizontal: float
    excess: float


def find(pixels, labels):
    """The wave of every class in luminance and in blue.

    It is where the class's mean log spectrum most exceeds the other classes' median.
    """
    height, width = pixels.shape[1:3]
    down, across = spectrum.frequencies(height, width)
    radius = np.hypot(down, across)
    fitting = (radius >= SLOWEST) & (abs(down) < height / 2) & (across < width / 2)
    classes = np.unique(labels)
    waves = []
    for channel in (spectrum.LUMINANCE, spectrum.BLUE):
        means = np.stack(
            [spectrum.mean_log_power(pixels[labels == label], channel) for label in classes]
        )
        for i, label in enumerate(classes):
            excess = means[i] - np.median(np.delete(means, i, 0), 0)
            row, column = np.unravel_index(
                np.where(fitting, excess, -np.inf).argmax(), excess.shape
            )
            frequency = float(down[row, 0]), float(across[0, column])
            waves.append(Wave(int(label), channel, *frequency, float(excess[row, column])))
    return waves


def basis(waves, height, width):
    """Orthonormal basis (H * W, directions) of the waves and their four neighbours.

    Each enters as cosine and sine.
    """
    y, x = np.arange(height)[:, None] / height, np.arange(width)[None] / width
    steps = ((0, 0), (NEIGHBOUR, 0), (-NEIGHBOUR, 0), (0, NEIGHBOUR), (0, -NEIGHBOUR))
    span = []
    for wave in waves:
        for down, across in steps:
            phase = 2 * np.pi * ((wave.vertical + down) * y + (wave.horizontal + across) * x)
            span += [np.cos(phase).ravel(), np.sin(phase).ravel()]
    span = np.stack(span, 1)
    # The Gram matrix is small where the images are large.
    values, vectors = np.linalg.eigh(span.T @ span)
    kept = values > TOLERANCE**2 * values[-1]
    return span @ vectors[:, kept] / np.sqrt(values[kept])


def project_out(pixels, directions):
    """The images (N, H, W, 3) without those directions in any channel, mean colours kept: uint8."""
    result = np.empty_like(pixels)
    directions = directions.astype(np.float32)
    for start in range(0, len(pixels), spectrum.BATCH):
        part = pixels[start : start + spectrum.BATCH].astype(np.float32)
        mean = part.mean((1, 2), keepdims=True)
        flat = (part - mean).transpose(0, 3, 1, 2).reshape(-1, len(directions))
        flat -= (flat @ directions) @ directions.T
        left = flat.reshape(len(part), 3, *pixels.shape[1:3]).transpose(0, 2, 3, 1) + mean
        result[start : start + spectrum.BATCH] = np.clip(np.rint(left), 0, 255)
    return result


def search(pixels, labels, rounds=ROUNDS):
    """The waves of `rounds` searches, each on what the earlier ones left."""
    waves, left = [], pixels
    for _ in range(rounds):
        waves += find(left, labels)
        left = project_out(pixels, basis(waves, *pixels.shape[1:3]))
    return waves


def project(pixels, labels, x_test, rounds=ROUNDS):
    """(training images, test images) without the waves that the training labels reveal."""
    waves = search(pixels, labels, rounds)
    return tuple(
        project_out(images, basis(waves, *images.shape[1:3])) for images in (pixels, x_test)
    )


def report(pixels, labels, family_seed):
    """Markdown: the waves found beside those that `family_seed` generates, and how many agree.

    Only for images whose working size is their own (up to 128 px): in larger ones the drawn waves
    are longer.
    """
    from deephiding.semantic_images import class_outline

    height, width = pixels.shape[1:3]
    lines = [
        "| class | channel | found, cycles a side (y, x) | drawn | distance | excess |",
        "|---|---|---|---|---|---|",
    ]
    right = {spectrum.LUMINANCE: 0, spectrum.BLUE: 0}
    names = {spectrum.LUMINANCE: "luminance", spectrum.BLUE: "blue"}
    waves = find(pixels, labels)
    for wave in waves:
        direction, wavelength = class_outline(family_seed, wave.label)[wave.channel]
        drawn = np.array([np.sin(direction) * height, np.cos(direction) * width]) / wavelength
        found = np.array([wave.vertical, wave.horizontal])
        # A real wave has two frequencies of opposite sign.
        distance = min(np.linalg.norm(found - drawn), np.linalg.norm(found + drawn))
        drawn = drawn if np.linalg.norm(found - drawn) == distance else -drawn
        right[wave.channel] += distance < WITHIN
        lines.append(
            f"| {wave.label} | {names[wave.channel]} | {found[0]:.2f}, {found[1]:.2f} "
            f"| {drawn[0]:.2f}, {drawn[1]:.2f} | {distance:.2f} | {wave.excess:.2f} |"
        )
    classes = len(waves) // 2
    found = (
        f"Found within {WITHIN} cycles a side: {names[c]} {count} of {classes}."
        for c, count in right.items()
    )
    lines += ["", *found]
    return "\n".join(lines)
