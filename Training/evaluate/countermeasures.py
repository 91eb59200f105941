"""Countermeasures applied to a whole training set before training; uint8 (N, H, W, 3) in and out.

Parameters are those of the evaluation that Deep Hiding's Table I follows. Every countermeasure
takes the pixels and a seed; only the random ones use it.
"""

import io

import numpy as np
from PIL import Image

from . import displacement


def _each(pixels, transform):
    """Applies a function from Pillow image to Pillow image to every image."""
    return np.stack(
        [np.asarray(transform(Image.fromarray(image)).convert("RGB")) for image in pixels]
    )


def _through(pixels, format, **options):
    def coded(image):
        stream = io.BytesIO()
        image.save(stream, format, **options)
        return Image.open(stream)

    return _each(pixels, coded)


def _neighbours(pixels, mode):
    """Nine uint8 images, one per 3x3 neighbour of a pixel, row by row; border by numpy's `mode`."""
    height, width = pixels.shape[1:3]
    padded = np.pad(pixels, ((0, 0), (1, 1), (1, 1), (0, 0)), mode=mode)
    return [padded[:, y : y + height, x : x + width] for y in range(3) for x in range(3)]


def _to_levels(values):
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _gaussian_filter(pixels, deviation):
    one = np.exp(-np.array([1, 0, 1]) / (2 * deviation**2))
    weights = np.outer(one, one).ravel() / one.sum() ** 2
    return _to_levels(
        sum(w * n for w, n in zip(weights.astype(np.float32), _neighbours(pixels, "reflect")))
    )


def vanilla(pixels, seed):
    """No change."""
    return pixels


def mean_filter(pixels, seed):
    """3x3 box filter; the border is mirrored without repeating the edge."""
    return _to_levels(sum(n.astype(np.float32) for n in _neighbours(pixels, "reflect")) / 9)


def median_filter(pixels, seed):
    """3x3 median per channel; the border repeats the edge."""
    return np.median(np.stack(_neighbours(pixels, "edge")), 0).astype(np.uint8)


def gaussian_filter_paper(pixels, seed):
    """The paper's Gaussian filter: 3x3, deviation 0.1 pixels.

    Its outer weights are below 1e-21, so it does nothing.
    """
    return _gaussian_filter(pixels, 0.1)


def gaussian_filter(pixels, seed):
    """An effective Gaussian filter: 3x3, deviation 0.8 pixels (OpenCV's default for that size)."""
    return _gaussian_filter(pixels, 0.8)


def bit_depth_2(pixels, seed):
    """The two upper bits of every sample: levels 0, 64, 128, 192."""
    return pixels & 0xC0


def grayscale(pixels, seed):
    """Pillow's luminance in all three channels."""
    return _each(pixels, lambda image: image.convert("L"))


def gaussian_noise(pixels, seed):
    """Gaussian noise on every sample, drawn once, with a deviation of 0.1 of the range."""
    rng = np.random.default_rng([seed, 5])
    return np.stack(
        [
            _to_levels(image + 25.5 * rng.standard_normal(image.shape, np.float32))
            for image in pixels
        ]
    )


def jpeg10(pixels, seed):
    """Pillow's JPEG at quality 10 with its default 4:2:0 chroma, encoded and decoded."""
    return _through(pixels, "JPEG", quality=10)


def jpeg50(pixels, seed):
    """Pillow's JPEG at quality 50 with its default 4:2:0 chroma, encoded and decoded."""
    return _through(pixels, "JPEG", quality=50)


def _smaller(pixels, factor):
    """Downscales by a factor and upscales again, both bilinear with antialiasing."""
    height, width = pixels.shape[1:3]
    small = (max(1, width // factor), max(1, height // factor))
    return _each(
        pixels, lambda i: i.resize(small, Image.BILINEAR).resize((width, height), Image.BILINEAR)
    )


def half_size(pixels, seed):
    return _smaller(pixels, 2)


def quarter_size(pixels, seed):
    """Removes strokes some five pixels apart, the spacing of the waves."""
    return _smaller(pixels, 4)


def webp(pixels, seed):
    """Pillow's lossy WebP at its default quality of 80, encoded and decoded."""
    return _through(pixels, "WEBP", quality=80)


def jpeg75_half_size(pixels, seed):
    """What sites do to an upload: JPEG 75, then half size (and back, to keep the training side)."""
    return half_size(_through(pixels, "JPEG", quality=75), seed)


def grayscale_jpeg50(pixels, seed):
    """Grayscale, then JPEG 50."""
    return jpeg50(grayscale(pixels, seed), seed)


ALL = {
    "vanilla": vanilla,
    "mean filter": mean_filter,
    "median filter": median_filter,
    "Gaussian filter (paper)": gaussian_filter_paper,
    "Gaussian filter": gaussian_filter,
    "2 bits": bit_depth_2,
    "grayscale": grayscale,
    "Gaussian noise": gaussian_noise,
    "JPEG 10": jpeg10,
    "JPEG 50": jpeg50,
    "half size": half_size,
    "quarter size": quarter_size,
    "WebP": webp,
    "grayscale + JPEG 50": grayscale_jpeg50,
    "JPEG 75, half size": jpeg75_half_size,
    "COIN": displacement.displace,
}
