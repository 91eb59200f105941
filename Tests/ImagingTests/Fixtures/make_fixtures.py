#!/usr/bin/env python3
"""Makes the fixtures of ImagingTests: pictures, and what Pillow makes of them.

Run with Debian 12's Pillow (9.4, libjpeg-turbo 2.1) and numpy, which are the reference that the tests compare with:

    /usr/bin/python3 Tests/ImagingTests/Fixtures/make_fixtures.py photos.tar

`photos.tar` holds the Kodak photos (free to use) as kodak24/kodimNN.webp. Everything is deterministic; a second run
changes nothing.
"""

import io
import pathlib
import sys
import tarfile

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent


def crop(photos, number, left, top, width, height):
    """A crop of a Kodak photo, as an RGB image."""
    data = photos.extractfile("kodak24/kodim%02d.webp" % number).read()
    return Image.open(io.BytesIO(data)).convert("RGB").crop((left, top, left + width, top + height))


def resampling(photos):
    """One float picture of two planes, 45x31, and Pillow's BILINEAR of it at several sizes (little-endian float32)."""
    rgb = np.asarray(crop(photos, 4, 300, 200, 45, 31), dtype=np.float32) / np.float32(255)
    # The second plane goes below 0 and above 1, as differences do.
    planes = [rgb[:, :, 0], (rgb[:, :, 1] - np.float32(0.5)) * np.float32(3)]
    (HERE / "resample_45x31.f32").write_bytes(b"".join(p.astype("<f4").tobytes() for p in planes))
    for width, height in [(16, 11), (45, 9), (7, 62), (90, 40), (1, 1), (44, 31)]:
        scaled = [np.asarray(Image.fromarray(p).resize((width, height), Image.BILINEAR)) for p in planes]
        name = "resample_to_%dx%d.f32" % (width, height)
        (HERE / name).write_bytes(b"".join(p.astype("<f4").tobytes() for p in scaled))


def main():
    with tarfile.open(sys.argv[1]) as photos:
        resampling(photos)


if __name__ == "__main__":
    main()
