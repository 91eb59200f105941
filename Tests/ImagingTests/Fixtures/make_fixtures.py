#!/usr/bin/env python3
"""Makes the fixtures of ImagingTests: pictures, and Pillow's decodings of them.

Run with Debian 12's Pillow (9.4, libjpeg-turbo 2.1) and numpy, the reference for the tests:

    /usr/bin/python3 Tests/ImagingTests/Fixtures/make_fixtures.py photos.tar

`photos.tar` holds the Kodak photos (free to use) as kodak24/kodimNN.webp. Everything is
deterministic; a second run changes nothing.
"""

import io
import pathlib
import struct
import sys
import tarfile
import zlib

import numpy as np
from PIL import Image, ImageFilter, ImageOps

HERE = pathlib.Path(__file__).resolve().parent


def crop(photos, number, left, top, width, height):
    """Returns a crop of a Kodak photo as an RGB image."""
    data = photos.extractfile("kodak24/kodim%02d.webp" % number).read()
    return Image.open(io.BytesIO(data)).convert("RGB").crop((left, top, left + width, top + height))


def resampling(photos):
    """Writes a float picture of two planes, 45x31, and Pillow's BILINEAR scalings of it.

    All are little-endian float32.
    """
    rgb = np.asarray(crop(photos, 4, 300, 200, 45, 31), dtype=np.float32) / np.float32(255)
    # The second plane exceeds [0, 1] on both sides, as differences do.
    planes = [rgb[:, :, 0], (rgb[:, :, 1] - np.float32(0.5)) * np.float32(3)]
    (HERE / "resample_45x31.f32").write_bytes(b"".join(p.astype("<f4").tobytes() for p in planes))
    for width, height in [(16, 11), (45, 9), (7, 62), (90, 40), (1, 1), (44, 31)]:
        scaled = [
            np.asarray(Image.fromarray(p).resize((width, height), Image.BILINEAR)) for p in planes
        ]
        name = "resample_to_%dx%d.f32" % (width, height)
        (HERE / name).write_bytes(b"".join(p.astype("<f4").tobytes() for p in scaled))


def profile(count, space=b"RGB "):
    """Returns an ICC profile of `count` bytes; the tests know the formula that fills its last tag.

    For RGB it has sRGB's primaries and the exponent 563/256, for CMYK an unused table of zeros.
    """
    if space == b"RGB ":
        point = lambda *xyz: b"XYZ \0\0\0\0" + struct.pack(">3i", *xyz)
        tags = {
            b"rXYZ": point(0x6FA2, 0x38F5, 0x0390),
            b"gXYZ": point(0x6299, 0xB785, 0x18DA),
            b"bXYZ": point(0x24A0, 0x0F84, 0xB6CF),
        }
        tags.update(
            dict.fromkeys(
                (b"rTRC", b"gTRC", b"bTRC"), b"curv\0\0\0\0" + struct.pack(">IH", 1, 563) + bytes(2)
            )
        )
    else:
        tags = {b"A2B0": b"mft1\0\0\0\0" + bytes(40)}
    tags[b"fill"] = b""
    at = 132 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        if name == b"fill":
            size = count - at - len(data)
            content = b"data\0\0\0\0" + bytes((i * i // 7 + i) & 255 for i in range(size - 8))
        table += name + struct.pack(">II", at + len(data), len(content))
        data += content
    head = struct.pack(
        ">I4xI4s4s4s12x4s",
        count,
        0x02400000,
        b"mntr",
        space,
        b"XYZ " if space == b"RGB " else b"Lab ",
        b"acsp",
    )
    head = head.ljust(68, b"\0") + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    made = head.ljust(128, b"\0") + table + data
    assert len(made) == count
    return made


def no_profile(count):
    """Returns bytes that stand in place of a profile but are not one."""
    return bytes((i * i // 7 + i) & 255 for i in range(count))


def save(name, image, **options):
    """Writes a picture, and as NAME.raw the upright samples that Pillow reads back from it."""
    path = HERE / name
    image.save(path, **options)
    golden(path)


def golden(path, mode=None):
    """Writes the upright samples that Pillow reads from a file, as interleaved bytes."""
    with Image.open(path) as picture:
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        (HERE / (path.name + ".raw")).write_bytes(upright.convert(mode or upright.mode).tobytes())


def jpegs(photos):
    """Writes JPEGs of every supported kind except CMYK."""
    photo = crop(photos, 5, 300, 200, 77, 53)
    save("baseline_420.jpg", photo, quality=85)
    save("baseline_422.jpg", photo, quality=92, subsampling=1)
    save("baseline_444.jpg", photo, quality=98, subsampling=0)
    save("baseline_low.jpg", photo, quality=8, optimize=True)
    save("progressive_420.jpg", photo, quality=80, progressive=True)
    save("progressive_444.jpg", photo, quality=60, progressive=True, subsampling=0)
    save("gray.jpg", photo.convert("L"), quality=90)
    save("gray_progressive.jpg", photo.convert("L"), quality=70, progressive=True)
    save("one_pixel.jpg", photo.crop((10, 10, 11, 11)))
    # 70,000 bytes do not fit in one APP2 segment.
    save("icc.jpg", photo.crop((0, 0, 16, 16)), icc_profile=profile(70_000))
    # Small enough to truncate at every length, including inside EXIF and an invalid profile.
    save(
        "small.jpg",
        photo.crop((20, 20, 36, 31)),
        quality=70,
        exif=orientation(6),
        icc_profile=no_profile(60),
    )
    save("small_progressive.jpg", photo.crop((20, 20, 36, 31)), quality=70, progressive=True)


def orientation(number):
    """Returns EXIF data with the orientation `number`."""
    exif = Image.Exif()
    exif[0x0112] = number
    exif[0x010E] = "before the orientation, by its tag"
    return exif


def orientations(photos):
    """Writes one crop with all EXIF orientations, as small gray JPEGs and PNGs (RGB, RGBA)."""
    photo = crop(photos, 14, 300, 200, 37, 21)
    transparent = photo.copy()
    transparent.putalpha(photo.convert("L"))
    for number in range(1, 9):
        save("orientation_%d.jpg" % number, photo, quality=75, exif=orientation(number))
        save(
            "orientation_%d.png" % number,
            transparent if number % 2 else photo,
            exif=orientation(number),
        )


def pngs(photos):
    """Writes PNGs of every colour type with up to 8 bits."""
    photo = crop(photos, 3, 250, 120, 29, 33)
    gray = photo.convert("L")
    alpha = gray.point(lambda value: 0 if value < 60 else value)
    save("rgb.png", photo)
    rgba = photo.copy()
    rgba.putalpha(alpha)
    save("rgba.png", rgba, icc_profile=profile(5_000))
    save("gray.png", gray)
    save("gray_alpha.png", Image.merge("LA", (gray, alpha)))
    save("bilevel.png", gray.convert("1", dither=Image.Dither.NONE))
    golden(HERE / "bilevel.png", "L")

    palette = photo.quantize(60)
    palette.save(HERE / "palette.png")
    golden(HERE / "palette.png", "RGB")
    photo.quantize(13).save(HERE / "palette_4bit.png", bits=4)
    golden(HERE / "palette_4bit.png", "RGB")
    palette.save(HERE / "palette_alpha.png", transparency=bytes(range(0, 240, 4)))
    golden(HERE / "palette_alpha.png", "RGBA")

    # Pillow cannot write 2-bit or 4-bit gray or interlaced files, but it reads the reference
    # samples from them.
    levels = np.asarray(gray)
    write_png("gray_2bit.png", levels // 64, 2, 0)
    write_png("gray_4bit.png", levels // 16, 4, 0)
    write_png("interlaced.png", np.asarray(photo), 8, 2, interlaced=True)
    write_png(
        "gray_transparent.png",
        levels,
        8,
        0,
        extra=[(b"tRNS", struct.pack(">H", int(levels[5, 5])))],
    )
    golden(HERE / "gray_transparent.png", "LA")
    pixel = np.asarray(photo)[7, 3]
    write_png(
        "rgb_transparent.png",
        np.asarray(photo),
        8,
        2,
        extra=[(b"tRNS", struct.pack(">3H", *map(int, pixel)))],
    )
    golden(HERE / "rgb_transparent.png", "RGBA")
    # The orientation may follow the pixels.
    tiff = orientation(8).tobytes()[6:]
    write_png("exif_at_end.png", np.asarray(photo), 8, 2, trailing=[(b"eXIf", tiff)])

    small = photo.crop((8, 8, 15, 14))
    save("small.png", small, icc_profile=no_profile(60), exif=orientation(6))
    small.quantize(9).save(HERE / "small_palette.png", transparency=bytes([0, 128, 255]))
    golden(HERE / "small_palette.png", "RGBA")

    # 8 kB that inflate to 8 MiB, for an iCCP chunk.
    (HERE / "bomb.zlib").write_bytes(zlib.compress(bytes(8 << 20), 9))

    frames = [photo, photo.transpose(Image.Transpose.FLIP_LEFT_RIGHT)]
    frames[0].save(HERE / "animated.png", save_all=True, append_images=frames[1:])
    golden(HERE / "animated.png", "RGB")


def covering():
    """Writes the centre of rgb.png at several aspect ratios, as floats, as ImageOps.fit does."""
    source = np.asarray(Image.open(HERE / "rgb.png").convert("RGB")).astype(np.float32) / 255
    planes = [Image.fromarray(source[:, :, channel]) for channel in range(3)]
    for size in [(16, 16), (40, 7), (5, 33), (90, 80), (1, 1)]:
        fitted = [np.asarray(ImageOps.fit(plane, size, Image.BILINEAR)) for plane in planes]
        (HERE / ("cover_%dx%d.f32" % size)).write_bytes(np.stack(fitted).astype("<f4").tobytes())


def write_png(
    name, samples, depth, color_type, interlaced=False, extra=(), trailing=(), has_golden=True
):
    """Writes a PNG by hand (PNG specification, third edition), without row filters."""

    def chunk(kind, data):
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    def rows(part):
        for row in part:
            bits = "".join(format(value, "0%db" % depth) for value in row.ravel())
            bits += "0" * (-len(bits) % 8)
            yield b"\0" + int(bits, 2).to_bytes(len(bits) // 8, "big")

    height, width = samples.shape[:2]
    passes = [(0, 0, 1, 1)]
    if interlaced:
        passes = [
            (0, 0, 8, 8),
            (4, 0, 8, 8),
            (0, 4, 4, 8),
            (2, 0, 4, 4),
            (0, 2, 2, 4),
            (1, 0, 2, 2),
            (0, 1, 1, 2),
        ]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in passes]
    data = b"".join(row for part in parts if part.size for row in rows(part))
    header = struct.pack(">2I5B", width, height, depth, color_type, 0, 0, int(interlaced))
    chunks = [
        (b"IHDR", header),
        *extra,
        (b"IDAT", zlib.compress(data, 9)),
        *trailing,
        (b"IEND", b""),
    ]
    (HERE / name).write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*c) for c in chunks))
    if has_golden:
        golden(HERE / name)


def quality(photos):
    """Writes differing pictures, and their SSIM and PSNR in float64, straight from the formulas."""
    photo = crop(photos, 8, 120, 140, 40, 30)
    noise = np.random.RandomState(7).randint(-12, 13, (30, 40, 3))
    noisy = Image.fromarray(np.clip(np.asarray(photo).astype(int) + noise, 0, 255).astype(np.uint8))
    lines = []
    for name, first, second in [
        ("rgb", photo, noisy),
        ("gray", photo.convert("L"), noisy.convert("L")),
        ("blurred", photo, photo.filter(ImageFilter.GaussianBlur(2))),
        ("small", photo.crop((3, 3, 10, 20)), noisy.crop((3, 3, 10, 20))),
        ("negative", photo, ImageOps.invert(photo)),
    ]:
        for suffix, picture in [("a", first), ("b", second)]:
            (HERE / ("quality_%s_%s.raw" % (name, suffix))).write_bytes(picture.tobytes())
        a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
        psnr = 10 * np.log10(255**2 / np.mean((a - b) ** 2))
        if a.ndim == 3:
            a, b = a @ [0.299, 0.587, 0.114], b @ [0.299, 0.587, 0.114]
        channels = len(first.getbands())
        lines.append("%s %d %d %d %.12g %.12g" % (name, *first.size, channels, psnr, ssim(a, b)))
    (HERE / "quality.txt").write_text("\n".join(lines) + "\n")


def ssim(a, b):
    """Returns the mean SSIM of two planes by a 2D window per position (Wang et al. 2004)."""

    def taps(side):
        count = min(11, side)
        return np.exp(-((np.arange(count) - (count - 1) / 2) ** 2) / (2 * 1.5**2))

    window = np.outer(taps(a.shape[0]), taps(a.shape[1]))
    window /= window.sum()
    height, width = window.shape
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    values = []
    for y in range(a.shape[0] - height + 1):
        for x in range(a.shape[1] - width + 1):
            p, q = a[y : y + height, x : x + width], b[y : y + height, x : x + width]
            mp, mq = (window * p).sum(), (window * q).sum()
            vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
            cov = (window * (p - mp) * (q - mq)).sum()
            values.append(
                (2 * mp * mq + c1) * (2 * cov + c2) / ((mp**2 + mq**2 + c1) * (vp + vq + c2))
            )
    return np.mean(values)


def main():
    with tarfile.open(sys.argv[1]) as photos:
        resampling(photos)
        jpegs(photos)
        orientations(photos)
        pngs(photos)
        covering()
        quality(photos)


if __name__ == "__main__":
    main()
