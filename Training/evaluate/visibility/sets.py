"""Visibility in a set of small images, such as CIFAR-10's, which are viewed enlarged."""

import numpy as np
from PIL import Image

from . import metrics


def ssimulacra2_of_set(originals, released, enlarge=8, count=50):
    """Median and 10th percentile of SSIMULACRA2 over `count` evenly spread uint8 images.

    Each is first upscaled `enlarge` times by Lanczos, as a viewer would for inspection.
    """
    chosen = np.unique(
        np.linspace(0, len(originals) - 1, min(count, len(originals))).round().astype(int)
    )
    scores = [
        metrics.ssimulacra2(*(_enlarged(images[i], enlarge) for images in (originals, released)))
        for i in chosen
    ]
    return float(np.median(scores)), float(np.percentile(scores, 10))


def _enlarged(image, times):
    height, width = image.shape[:2]
    return np.asarray(Image.fromarray(image).resize((width * times, height * times), Image.LANCZOS))
