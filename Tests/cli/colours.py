"""Profiles, EXIF and chunks for the colour tests, and a validity check for PNGs."""

import struct
import zlib

import numpy

D65 = (0.3127, 0.3290)
SRGB = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06))
ADOBE = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
CURVE = b"curv\0\0\0\0" + struct.pack(">IH", 1, 563) + bytes(2)
POINT = b"XYZ \0\0\0\0" + struct.pack(">3i", 0x6FA2, 0x38F5, 0x0390)
RGB_TAGS = [
    *((name, POINT) for name in (b"rXYZ", b"gXYZ", b"bXYZ")),
    *((name, CURVE) for name in (b"rTRC", b"gTRC", b"bTRC")),
]
GRAY_TAGS = [(b"wtpt", POINT), (b"kTRC", CURVE)]


def profile(space=b"RGB ", tags=None, kind=b"mntr"):
    """A profile of version 2 (ICC.1:2001-04)."""
    tags = {b"RGB ": RGB_TAGS, b"GRAY": GRAY_TAGS}.get(space, []) if tags is None else tags
    at, table, data = 132 + 12 * len(tags), struct.pack(">I", len(tags)), b""
    for name, content in tags:
        table += name + struct.pack(">II", at + len(data), len(content))
        data += content
    head = struct.pack(
        ">I4xI4s4s4s12x4s", at + len(data), 0x02400000, kind, space, b"XYZ ", b"acsp"
    ).ljust(68, b"\0")
    head += struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + table + data


def exif(color_space=None, rule=None):
    """A little-endian TIFF structure with colour information as cameras write it."""
    inner = [struct.pack("<HHIHH", 0xA001, 3, 1, color_space, 0)] if color_space is not None else []
    place = 26 + 2 + 12 * (len(inner) + 1) + 4
    if rule:
        inner.append(struct.pack("<HHII", 0xA005, 4, 1, place))
    data = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0)
    data += struct.pack("<H", len(inner)) + b"".join(inner) + bytes(4)
    if rule:
        data = data.ljust(place, b"\0") + struct.pack("<HHHI4sI", 1, 1, 2, 4, rule + b"\0", 0)
    return data


def segment(number, content):
    return struct.pack(">BBH", 0xFF, 0xE0 + number, len(content) + 2) + content


def jpeg_with(data, *segments):
    return data[:2] + b"".join(segments) + data[2:]


def pieces(profile, count):
    """The profile's APP2 segments, split into `count` pieces."""
    size = -(-len(profile) // count)
    return [
        segment(
            2,
            b"ICC_PROFILE\0"
            + bytes([number + 1, count])
            + profile[number * size : (number + 1) * size],
        )
        for number in range(count)
    ]


def chunk(kind, content):
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def iccp(profile):
    return chunk(b"iCCP", b"x\0\0" + zlib.compress(profile))


def png_with(data, *chunks):
    """The file with `chunks` inserted after its header."""
    return data[:33] + b"".join(chunks) + data[33:]


def chunks(data):
    """The chunks of a PNG, after checking its framing and its colour chunks."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, at = [], 8
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at : at + 8])
        content = data[at + 8 : at + 8 + length]
        assert struct.unpack(">I", data[at + 8 + length : at + 12 + length])[0] == zlib.crc32(
            kind + content
        ), kind
        found.append((kind.decode(), content))
        at += 12 + length
    kinds = [kind for kind, _ in found]
    assert (
        kinds[0] == "IHDR"
        and kinds[-1] == "IEND"
        and len(set(kinds) - {"IDAT"}) == len(kinds) - kinds.count("IDAT")
    )
    before = kinds[: kinds.index("IDAT")]
    assert (
        {kind for kind in kinds if kind in ("cICP", "iCCP", "sRGB", "gAMA", "cHRM")} <= set(before)
    )
    assert not {"iCCP", "sRGB"} <= set(kinds)
    parts = dict(found)
    if "cICP" in parts:
        assert len(parts["cICP"]) == 4 and parts["cICP"][2:] == b"\0\1"
    if "iCCP" in parts:
        name, rest = parts["iCCP"].split(b"\0", 1)
        made = zlib.decompress(rest[1:])
        assert 1 <= len(name) <= 79 and rest[0] == 0
        assert struct.unpack(">I", made[:4])[0] == len(made) and made[36:40] == b"acsp"
        assert made[16:20] == (b"RGB " if parts["IHDR"][9] & 2 else b"GRAY")
    return parts


def to_srgb(samples, primaries, light):
    """Converts 8-bit samples of other primaries and another curve to sRGB, by colorimetry alone."""

    def matrix(primaries):
        columns = numpy.array([[x / y, 1, (1 - x - y) / y] for x, y in primaries]).T
        white = numpy.array([D65[0] / D65[1], 1, (1 - sum(D65)) / D65[1]])
        return columns * numpy.linalg.solve(columns, white)

    linear = (
        light(numpy.asarray(samples) / 255.0)
        @ (numpy.linalg.inv(matrix(SRGB)) @ matrix(primaries)).T
    )
    linear = linear.clip(0, 1)
    return 255 * numpy.where(
        linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055
    )


def srgb_light(values):
    return numpy.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
