#!/usr/bin/env python3
"""Makes the drawn (not photographed) fixtures of ImagingTests, and Pillow's decodings of them.

Run with Debian 12's Pillow (9.4, libjpeg-turbo 2.1, libwebp 1.2.4), numpy, and heif-enc of
libheif-examples (1.15):

    /usr/bin/python3 Tests/ImagingTests/Fixtures/make_drawn_fixtures.py

Everything is deterministic; a second run changes nothing.
"""

import pathlib
import struct
import subprocess
import tempfile

import numpy as np
from make_fixtures import HERE, golden, orientation, profile, write_png
from PIL import Image, ImageCms


def drawing(width, height):
    """Returns gradients, a disc and a grid, as height x width x 3 in [0, 1].

    They give smooth areas, edges, and every level of every colour.
    """
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    red, green = x / max(width - 1, 1), y / max(height - 1, 1)
    disc = (x - 0.6 * width) ** 2 + (y - 0.4 * height) ** 2 < (0.3 * height) ** 2
    blue = np.where(disc, 0.9, 0.5 + 0.4 * np.sin(x / 3) * np.sin(y / 4))
    return np.stack([red, np.where(disc, 0.2, green), blue], 2)


def picture(width, height):
    return Image.fromarray((drawing(width, height) * 255).round().astype(np.uint8))


def with_adobe_marker(jpeg, transform):
    """Returns the file with an APP14 segment that declares its components: 0 CMYK, 2 YCCK."""
    return (
        jpeg[:2] + b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00" + bytes([transform]) + jpeg[2:]
    )


def without_adobe_marker(jpeg):
    start = jpeg.index(b"\xff\xee")
    return jpeg[:start] + jpeg[start + 2 + int.from_bytes(jpeg[start + 2 : start + 4], "big") :]


def cmyk():
    """Writes CMYK: Pillow's, without the marker, as YCCK, turned, and with a profile (refused)."""
    inks = np.concatenate([drawing(41, 23), drawing(41, 23)[::-1, ::-1, 1:2]], 2)
    photo = Image.fromarray((inks * 255).round().astype(np.uint8), "CMYK")
    photo.save(HERE / "cmyk_adobe.jpg", quality=92)
    data = (HERE / "cmyk_adobe.jpg").read_bytes()
    (HERE / "cmyk_plain.jpg").write_bytes(without_adobe_marker(data))
    (HERE / "ycck.jpg").write_bytes(with_adobe_marker(without_adobe_marker(data), 2))
    photo.save(HERE / "cmyk_turned.jpg", quality=80, progressive=True, exif=orientation(6))
    for name in ("cmyk_adobe.jpg", "cmyk_plain.jpg", "ycck.jpg", "cmyk_turned.jpg"):
        golden(HERE / name, "RGB")
    photo.save(HERE / "cmyk_profile.jpg", quality=50, icc_profile=profile(600, b"CMYK"))


def sixteen_bits():
    """Writes 16-bit PNGs.

    Pillow reads few of them, so the reference samples are the drawn ones, big-endian.
    """
    rgb = (drawing(31, 17) * 65535).round().astype(np.uint16)
    gray = rgb[:, :, 2]
    alpha = np.where(rgb[:, :, 0] < 9000, 0, rgb[:, :, 1])

    def save(name, samples, color_type, golden=None, **options):
        write_png(name, samples, 16, color_type, has_golden=False, **options)
        (HERE / (name + ".raw")).write_bytes(
            (samples if golden is None else golden).astype(">u2").tobytes()
        )

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


def transparent(width, height):
    """Returns the drawing with alpha from 0 to 255."""
    result = picture(width, height)
    result.putalpha(
        Image.fromarray((drawing(width, height)[:, :, 1] * 255).round().astype(np.uint8))
    )
    return result


def xmp(word):
    return ('<x:xmpmeta xmlns:x="adobe:ns:meta/"><!-- %s --></x:xmpmeta>' % word).encode()


def webp():
    """Writes WebPs: lossy, lossless, with alpha, turned with metadata, and animated (refused)."""
    photo, clear = picture(41, 23), transparent(41, 23)

    def save(name, image, **options):
        image.save(HERE / name, **options)
        golden(HERE / name)

    save("lossy.webp", photo, quality=80)
    save("lossless.webp", photo, lossless=True)
    save("lossy_alpha.webp", clear, quality=60)
    save("lossless_alpha.webp", clear, lossless=True, exact=True)
    save(
        "turned.webp",
        photo,
        lossless=True,
        exif=orientation(6),
        icc_profile=profile(601),
        xmp=xmp("webp"),
    )
    photo.save(HERE / "animated.webp", save_all=True, append_images=[photo.rotate(180)], quality=50)


def srgb():
    """Returns a real profile without its creation time, since the encoder parses profiles."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data[24:36] = bytes(12)
    return bytes(data)


def boxes(data, start, end):
    """Yields the boxes of an ISO base media file: (type, first byte, end)."""
    while start < end:
        size = int.from_bytes(data[start : start + 4], "big")
        yield data[start + 4 : start + 8].decode(), start, start + size
        start += size


def turned_by_container(data):
    """Returns the file with its first item turned by 90° clockwise (ISO/IEC 23008-12, 6.5.10)."""
    data = bytearray(data)

    def box(kind, inside=None, skip=8):
        start, end = (0, len(data)) if inside is None else (inside[0] + skip, inside[1])
        return next(
            (first, last) for found, first, last in boxes(data, start, end) if found == kind
        )

    meta = box("meta")
    properties = box("iprp", meta, 12)
    container, associations = box("ipco", properties), box("ipma", properties)
    count = len(list(boxes(data, container[0] + 8, container[1])))
    # The full box header and the entry count precede the first entry: the item, its number of
    # properties, one byte per property.
    assert data[associations[0] + 8 : associations[0] + 12] == bytes(4)
    number = associations[0] + 18
    end = number + 1 + data[number]
    data[number] += 1
    data[end:end] = bytes([0x80 | count + 1])
    data[container[1] : container[1]] = b"\0\0\0\x09irot\x03"
    for first, more in (
        (meta[0], 10),
        (properties[0], 10),
        (container[0], 9),
        (associations[0] + 9, 1),
    ):
        data[first : first + 4] = struct.pack(
            ">I", struct.unpack(">I", data[first : first + 4])[0] + more
        )
    # All item data move by ten bytes.
    location = box("iloc", box("meta"), 12)[0]
    version, sizes = data[location + 8], data[location + 12 : location + 14]
    assert version <= 1 and sizes in (b"\x44\0", b"\x44\x40"), (version, sizes)
    at = location + 16
    for _ in range(struct.unpack(">H", data[location + 14 : location + 16])[0]):
        at += 4 + 2 * version + (sizes[1] >> 4)
        extents = struct.unpack(">H", data[at : at + 2])[0]
        for extent in range(at + 2, at + 2 + 8 * extents, 8):
            data[extent : extent + 4] = struct.pack(
                ">I", struct.unpack(">I", data[extent : extent + 4])[0] + 10
            )
        at += 2 + 8 * extents
    return bytes(data)


def heif():
    """Writes HEICs and AVIFs, and heif-convert's decodings of them (AVIF by dav1d)."""
    (HERE / "srgb.icc").write_bytes(srgb())
    rgb, rgba = picture(70, 66), transparent(70, 66)
    best = ["-L", "-p", "chroma=444"]

    def save(name, options, source, **metadata):
        """Encodes, and checks that decoding returns the drawing up to the encoder's rounding."""
        with tempfile.TemporaryDirectory() as folder:
            path, back = folder + "/drawing" + metadata.pop("suffix", ".png"), folder + "/back.png"
            source.save(path, **metadata)
            encoder = ["-A"] if name.endswith("avif") else []
            subprocess.run(
                ["heif-enc", *encoder, *options, path, "-o", HERE / name],
                check=True,
                capture_output=True,
            )
            subprocess.run(["heif-convert", HERE / name, back], check=True, capture_output=True)
            return np.asarray(Image.open(back))

    def keep(name, samples):
        (HERE / (name + ".raw")).write_bytes(samples.tobytes())

    for suffix, bits in (("heic", 10), ("avif", 12)):
        for name, image, options, most in (
            ("lossless", rgb, best, 1),
            ("alpha", rgba, best, 1),
            ("lossy", rgb, ["-q", "80"], 9),
        ):
            samples = save("%s.%s" % (name, suffix), options, image)
            apart = abs(samples.astype(int) - np.asarray(image))
            assert (apart.mean() if name == "lossy" else apart.max()) <= most
            keep("%s.%s" % (name, suffix), samples)
        # Turned by the container; EXIF contradicts it, which must not count.
        path = HERE / ("turned." + suffix)
        samples = save(path.name, best, rgb, exif=orientation(3), icc_profile=srgb())
        path.write_bytes(turned_by_container(path.read_bytes()))
        keep(path.name, np.rot90(samples, -1))
        deep = (drawing(70, 66) * 65535).round().astype(np.uint16)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "drawing.png"
            write_png(path, deep, 16, 2, has_golden=False)
            encoder = ["-A"] if suffix == "avif" else []
            command = [
                "heif-enc",
                *encoder,
                *best,
                "-b",
                str(bits),
                path,
                "-o",
                HERE / ("deep." + suffix),
            ]
            subprocess.run(command, check=True, capture_output=True)
        keep("deep." + suffix, deep.astype(">u2"))


def main():
    cmyk()
    sixteen_bits()
    webp()
    heif()


if __name__ == "__main__":
    main()
