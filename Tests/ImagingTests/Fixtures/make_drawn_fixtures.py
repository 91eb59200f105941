#!/usr/bin/env python3
"""Makes those fixtures of ImagingTests that are drawn rather than photographed, and what Pillow makes of them.

Run with Debian 12's Pillow (9.4, libjpeg-turbo 2.1) and numpy:

    /usr/bin/python3 Tests/ImagingTests/Fixtures/make_drawn_fixtures.py

Everything is deterministic; a second run changes nothing.
"""

import struct

import numpy as np
from make_fixtures import HERE, golden, orientation, profile, write_png
from PIL import Image


def drawing(width, height):
    """Slopes, a disc and a grid: smooth ground, edges, and every level of every colour; height x width x 3, in [0, 1]."""
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red, green = x / max(width - 1, 1), y / max(height - 1, 1)
    disc = (x - 0.6 * width) ** 2 + (y - 0.4 * height) ** 2 < (0.3 * height) ** 2
    blue = np.where(disc, 0.9, 0.5 + 0.4 * np.sin(x / 3) * np.sin(y / 4))
    return np.stack([red, np.where(disc, 0.2, green), blue], 2)


def picture(width, height):
    return Image.fromarray((drawing(width, height) * 255).round().astype(np.uint8))


def with_adobe_marker(jpeg, transform):
    """The file with an APP14 segment that says what its four components are: 0 CMYK, 2 YCCK."""
    return jpeg[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform]) + jpeg[2:]


def without_adobe_marker(jpeg):
    start = jpeg.index(b"\xff\xee")
    return jpeg[:start] + jpeg[start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big") :]


def cmyk():
    """Inks: as Pillow writes them, without the marker, declared to be YCCK, turned, and with a profile, which is refused."""
    inks = np.concatenate([drawing(41, 23), drawing(41, 23)[::-1, ::-1, 1:2]], 2)
    photo = Image.fromarray((inks * 255).round().astype(np.uint8), "CMYK")
    photo.save(HERE / "cmyk_adobe.jpg", quality=92)
    data = (HERE / "cmyk_adobe.jpg").read_bytes()
    (HERE / "cmyk_plain.jpg").write_bytes(without_adobe_marker(data))
    (HERE / "ycck.jpg").write_bytes(with_adobe_marker(without_adobe_marker(data), 2))
    photo.save(HERE / "cmyk_turned.jpg", quality=80, progressive=True, exif=orientation(6))
    for name in ("cmyk_adobe.jpg", "cmyk_plain.jpg", "ycck.jpg", "cmyk_turned.jpg"):
        golden(HERE / name, "RGB")
    photo.save(HERE / "cmyk_profile.jpg", quality=50, icc_profile=profile(60))


def sixteen_bits():
    """PNGs of 16 bits, of which Pillow reads few: the golden samples are those that were drawn, big-endian."""
    rgb = (drawing(31, 17) * 65535).round().astype(np.uint16)
    gray = rgb[:, :, 2]
    alpha = np.where(rgb[:, :, 0] < 9000, 0, rgb[:, :, 1])

    def save(name, samples, color_type, golden=None, **options):
        write_png(name, samples, 16, color_type, has_golden=False, **options)
        (HERE / (name + ".raw")).write_bytes((samples if golden is None else golden).astype(">u2").tobytes())

    def opaque_but(samples, key):
        samples = samples.reshape(*samples.shape[:2], -1)
        visible = np.where((samples == key).all(axis=2), 0, 65535)
        return np.dstack([samples, visible])

    save("rgb_16.png", rgb, 2)
    save("rgba_16.png", np.dstack([rgb, alpha]), 6)
    save("gray_16.png", gray, 0)
    save("gray_alpha_16.png", np.dstack([gray, alpha]), 4)
    save("interlaced_16.png", rgb, 2, interlaced=True)
    key = rgb[9, 20]
    trns = [(b"tRNS", struct.pack(">3H", *map(int, key)))]
    save("rgb_transparent_16.png", rgb, 2, opaque_but(rgb, key), extra=trns)
    trns = [(b"tRNS", struct.pack(">H", int(gray[9, 20])))]
    save("gray_transparent_16.png", gray, 0, opaque_but(gray, gray[9, 20]), extra=trns)
    exif = [(b"eXIf", orientation(6).tobytes()[6:])]
    save("turned_16.png", rgb, 2, np.rot90(rgb, -1), trailing=exif)


def main():
    cmyk()
    sixteen_bits()


if __name__ == "__main__":
    main()
