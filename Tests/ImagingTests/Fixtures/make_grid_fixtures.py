#!/usr/bin/env python3
"""Makes the HEIC fixtures of ImagingTests that heif-enc cannot make.

These are grids of tiles, as phones write them, and files that libheif must never see.

Run with Debian 12's Pillow, numpy, and heif-enc of libheif-examples (1.15):

    /usr/bin/python3 Tests/ImagingTests/Fixtures/make_grid_fixtures.py

The reference samples are assembled from tiles that heif-convert decoded one by one.
"""

import ctypes
import pathlib
import struct
import subprocess
import tempfile

import numpy as np
from make_drawn_fixtures import boxes, drawing
from make_fixtures import HERE
from PIL import Image

TILE = 64


def box(kind, *parts):
    content = b"".join(parts)
    return struct.pack(">I", 8 + len(content)) + kind.encode() + content


def full_box(kind, version, *parts, flags=0):
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def find(data, path):
    """Returns the content of a box, given the path of box types to it."""
    start, end = 0, len(data)
    for kind in path:
        start, end = next(
            (first, last) for found, first, last in boxes(data, start, end) if found == kind
        )
        start += 12 if kind == "meta" else 8
    return data[start:end]


def encoded(samples):
    """Returns a tile's stream, its decoder configuration box, and heif-convert's decoding of it."""
    with tempfile.TemporaryDirectory() as folder:
        source, target = pathlib.Path(folder) / "tile.png", pathlib.Path(folder) / "tile.heic"
        Image.fromarray(samples).save(source)
        subprocess.run(
            ["heif-enc", "-q", "90", source, "-o", target], check=True, capture_output=True
        )
        subprocess.run(["heif-convert", target, source], check=True, capture_output=True)
        data, decoded = target.read_bytes(), np.asarray(Image.open(source))
    assert abs(decoded.astype(int) - samples).mean() < 5
    return find(data, ["mdat"]), box("hvcC", find(data, ["meta", "iprp", "ipco", "hvcC"])), decoded


def grid(samples, canvas=None, is_wide=False, states=None):
    """Builds a HEIC of tiles and returns it with its samples.

    `canvas` is the size in the grid, `states` the size in the whole picture's property.
    """
    height, width = samples.shape[:2]
    rows, columns = -(-height // TILE), -(-width // TILE)
    padded = np.pad(
        samples, ((0, rows * TILE - height), (0, columns * TILE - width), (0, 0)), "edge"
    )
    tiles, decoded = [], np.zeros_like(padded)
    for row in range(rows):
        for column in range(columns):
            place = np.s_[row * TILE : (row + 1) * TILE, column * TILE : (column + 1) * TILE]
            stream, configuration, decoded[place] = encoded(padded[place])
            tiles.append(stream)
    said = canvas or (width, height)
    whole = struct.pack(">BBBB", 0, int(is_wide), rows - 1, columns - 1) + struct.pack(
        ">II" if is_wide else ">HH", *said
    )
    number = len(tiles) + 1
    entries = [
        full_box("infe", 2, struct.pack(">HH", item, 0), b"hvc1\0", flags=1)
        for item in range(1, number)
    ]
    entries.append(full_box("infe", 2, struct.pack(">HH", number, 0), b"grid\0"))
    properties = box(
        "ipco",
        configuration,
        full_box("ispe", 0, struct.pack(">II", TILE, TILE)),
        full_box("ispe", 0, struct.pack(">II", *(states or (width, height)))),
        full_box("pixi", 0, b"\3\x08\x08\x08"),
    )
    associations = [struct.pack(">HB", item, 3) + b"\x81\x02\x04" for item in range(1, number)]
    associations.append(struct.pack(">HB", number, 2) + b"\x03\x04")

    def head(streams_at):
        places, at = [], streams_at
        for item, stream in enumerate(tiles, 1):
            places.append(struct.pack(">HHHHII", item, 0, 0, 1, at, len(stream)))
            at += len(stream)
        places.append(struct.pack(">HHHHII", number, 1, 0, 1, 0, len(whole)))
        return box("ftyp", b"heic", bytes(4), b"mif1heic") + full_box(
            "meta",
            0,
            full_box("hdlr", 0, bytes(4), b"pict", bytes(12), b"\0"),
            full_box("pitm", 0, struct.pack(">H", number)),
            full_box("iloc", 1, struct.pack(">HH", 0x4400, number), *places),
            full_box("iinf", 0, struct.pack(">H", number), *entries),
            full_box(
                "iref",
                0,
                box(
                    "dimg",
                    struct.pack(">HH", number, len(tiles)),
                    *[struct.pack(">H", t) for t in range(1, number)]
                ),
            ),
            box("iprp", properties, full_box("ipma", 0, struct.pack(">I", number), *associations)),
            box("idat", whole),
        )

    return head(len(head(0)) + 8) + box("mdat", *tiles), decoded[:height, :width]


class Nclx(ctypes.Structure):
    """libheif's heif_color_profile_nclx; its other fields are not read."""

    _fields_ = [(name, kind) for name, kind in zip(
        ("version", "primaries", "transfer", "matrix", "full_range"),
        (ctypes.c_uint8, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_uint8),
    )] + [("others", ctypes.c_float * 8)]


def of_high_dynamic_range(path, samples, compression):
    """Writes a picture whose stream states BT.2020 and PQ, which heif-enc 1.15 cannot do."""
    library = ctypes.CDLL("libheif.so.1")
    error = type(
        "Error",
        (ctypes.Structure,),
        {"_fields_": [("code", ctypes.c_int), ("sub", ctypes.c_int), ("text", ctypes.c_char_p)]},
    )

    def call(name, *arguments):
        function = getattr(library, name)
        function.restype = error
        result = function(*arguments)
        assert result.code == 0, (name, result.text)

    def made(name, *arguments):
        function = getattr(library, name)
        function.restype = ctypes.c_void_p
        return ctypes.c_void_p(function(*arguments))

    height, width = samples.shape[:2]
    image, encoder, handle = ctypes.c_void_p(), ctypes.c_void_p(), ctypes.c_void_p()
    call("heif_image_create", width, height, 1, 10, ctypes.byref(image))
    call("heif_image_add_plane", image, 10, width, height, 8)
    stride = ctypes.c_int()
    rows = made("heif_image_get_plane", image, 10, ctypes.byref(stride)).value
    for row in range(height):
        ctypes.memmove(rows + row * stride.value, samples[row].tobytes(), 3 * width)
    colors = Nclx(1, 9, 16, 9, 1)
    call("heif_image_set_nclx_color_profile", image, ctypes.byref(colors))
    context = made("heif_context_alloc")
    call("heif_context_get_encoder_for_format", context, compression, ctypes.byref(encoder))
    options = made("heif_encoding_options_alloc")
    # The field follows four one-byte flags.
    ctypes.c_void_p.from_address(options.value + 8).value = ctypes.addressof(colors)
    call("heif_context_encode_image", context, image, encoder, options, ctypes.byref(handle))
    call("heif_context_write_to_file", context, str(path).encode())


def main():
    samples = (drawing(150, 100) * 255).round().astype(np.uint8)
    data, decoded = grid(samples)
    (HERE / "grid.heic").write_bytes(data)
    (HERE / "grid.heic.raw").write_bytes(decoded.tobytes())
    # The grid states a larger or a smaller size than the property. In the third file both are
    # false, and only the product of the sides is too large.
    (HERE / "grid_larger.heic").write_bytes(grid(samples, canvas=(65000, 65000), is_wide=True)[0])
    (HERE / "grid_smaller.heic").write_bytes(grid(samples, canvas=(140, 90))[0])
    (HERE / "grid_huge.heic").write_bytes(
        grid(samples, canvas=(32767, 32767), is_wide=True, states=(32767, 1))[0]
    )
    # A stream that declares HDR, in a container that declares nothing.
    for name, compression in (("stream_hdr.heic", 1), ("stream_hdr.avif", 4)):
        of_high_dynamic_range(HERE / name, samples, compression)
        data = (HERE / name).read_bytes()
        assert data.count(b"colr") <= 1
        (HERE / name).write_bytes(data.replace(b"colr", b"skip"))
    # Compressed XMP.
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "drawing.jpg"
        Image.fromarray(samples).save(source)
        data, packet = (
            source.read_bytes(),
            b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
        )
        source.write_bytes(
            data[:2] + b"\xff\xe1" + struct.pack(">H", len(packet) + 2) + packet + data[2:]
        )
        command = [
            "heif-enc",
            "--enable-metadata-compression",
            source,
            "-o",
            HERE / "compressed_xmp.heic",
        ]
        subprocess.run(command, check=True, capture_output=True)
        assert b"deflate" in (HERE / "compressed_xmp.heic").read_bytes()
    # Gray, with a gray profile.
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "drawing.png"
        Image.fromarray(samples[:, :, 1]).save(source, icc_profile=gray_profile())
        subprocess.run(
            ["heif-enc", "-q", "90", source, "-o", HERE / "gray.heic"],
            check=True,
            capture_output=True,
        )


def gray_profile():
    """Returns a small gray profile (ICC.1, 7.2 and 8.4.3): a white point and a gamma curve."""
    white = b"XYZ \0\0\0\0" + struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    curve = b"curv\0\0\0\0" + struct.pack(">IH", 1, 0x0233) + b"\0\0"
    text = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"gray\0" + bytes(78)
    text += bytes(-len(text) % 4)
    tags, at = [], 128 + 4 + 12 * 3
    for name, data in ((b"desc", text), (b"wtpt", white), (b"kTRC", curve)):
        tags.append(name + struct.pack(">II", at, len(data)))
        at += len(data)
    head = struct.pack(
        ">I4xI4s4s4s12x4s", at, 0x02100000, b"mntr", b"GRAY", b"XYZ ", b"acsp"
    ).ljust(68, b"\0")
    head += struct.pack(">3i", 0xF6D6, 0x10000, 0xD32D)
    return head.ljust(128, b"\0") + struct.pack(">I", 3) + b"".join(tags) + text + white + curve


if __name__ == "__main__":
    main()
