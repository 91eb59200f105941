"""What a trainer may do to the training images before learning from them; uint8 (N, H, W, 3) in and out."""

import io

import numpy as np
from PIL import Image


def vanilla(pixels):
    """Nothing."""
    return pixels


def jpeg50(pixels):
    """Pillow's JPEG at quality 50 with its default 4:2:0 chroma, encoded and decoded."""

    def through(image):
        stream = io.BytesIO()
        Image.fromarray(image).save(stream, "JPEG", quality=50)
        return np.asarray(Image.open(stream))

    return np.stack([through(image) for image in pixels])


def grayscale(pixels):
    """Pillow's luminance in all three channels."""
    return np.stack([np.asarray(Image.fromarray(image).convert("L").convert("RGB")) for image in pixels])


ALL = {"vanilla": vanilla, "JPEG 50": jpeg50, "grayscale": grayscale}
