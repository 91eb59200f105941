#!/usr/bin/env python3
"""Makes the HEIC fixture of ImagingTests that is structured like an iPhone's since iOS 18.

It uses the tiles of grid.heic. The picture is a grid with a quarter turn. Beside it are a
tone-mapped image derived from it and a gain map, and a group that offers either as an alternative.
The gain map, depth and a matte are auxiliary images of both, and EXIF and XMP describe both. A
video in a box and bytes that are not a box follow at the end.

    python3 Tests/ImagingTests/Fixtures/make_phone_fixture.py

If pillow-heif 1.8 is installed, the script compares its output with the reference samples, which
are those of grid.heic, turned. It needs numpy.
"""

import io
import struct

import numpy as np
from make_drawn_fixtures import boxes
from make_fixtures import HERE
from make_grid_fixtures import box, find, full_box

URN = (
    b"urn:com:apple:photo:2020:aux:hdrgainmap",
    b"urn:mpeg:hevc:2015:auxid:2",
    b"urn:com:apple:photo:2018:aux:portraiteffectsmatte",
)


def tiles(data):
    """Returns the streams of grid.heic's tiles, found by its iloc box, and their configuration."""
    table = find(data, ["meta", "iloc"])
    count = struct.unpack(">H", table[6:8])[0]
    places = [struct.unpack(">HHHHII", table[8 + 16 * i : 24 + 16 * i]) for i in range(count)]
    return [data[at : at + size] for _, method, _, _, at, size in places if method == 0], find(
        data, ["meta", "iprp", "ipco", "hvcC"]
    )


def phone(data):
    streams, configuration = tiles(data)
    exif = (
        struct.pack(">I", 6)
        + b"Exif\0\0MM\0*"
        + struct.pack(">IHHHIHHI", 8, 1, 0x0112, 3, 1, 6, 0, 0)
    )
    xmp = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"
    canvas = struct.pack(">BBBBHH", 0, 0, 1, 2, 150, 100)
    tone_map = (
        b"\0"
        + struct.pack(">HHB", 0, 0, 0x40)
        + struct.pack(">14I", 0, 1, 2, 1, 0, 1, 2, 1, 1, 1, 1, 64, 1, 64)
    )
    properties = [
        box("hvcC", configuration),
        full_box("ispe", 0, struct.pack(">II", 64, 64)),
        full_box("ispe", 0, struct.pack(">II", 150, 100)),
        full_box("pixi", 0, b"\3\x08\x08\x08"),
        box("irot", b"\3"),
        *[full_box("auxC", 0, urn + b"\0") for urn in URN],
        box("colr", b"nclx", struct.pack(">HHHB", 12, 16, 6, 0x80)),
        full_box("pixi", 0, b"\3\x0a\x0a\x0a"),
        box("clli", struct.pack(">HH", 1000, 400)),
    ]
    essential = 0x80
    # Type, bytes, property indices, whether it is hidden, media type, whether it is in idat.
    items = [(b"hvc1", stream, [1 | essential, 2, 4], True, b"", False) for stream in streams]
    items += [
        # 7: the picture.
        (b"grid", canvas, [3, 4, 5 | essential], False, b"", True),
        # 8: the thumbnail.
        (b"hvc1", streams[0], [1 | essential, 2, 4, 5 | essential], False, b"", False),
        # 9: the gain map.
        (
            b"hvc1", streams[1], [1 | essential, 2, 4, 5 | essential, 6 | essential], True, b"",
            False,
        ),
        # 10: depth.
        (b"hvc1", streams[2], [1 | essential, 2, 4, 7 | essential], True, b"", False),
        # 11: the matte.
        (b"hvc1", streams[3], [1 | essential, 2, 4, 8 | essential], True, b"", False),
        # 12 to 14: the tone-mapped image and the metadata.
        (b"tmap", tone_map, [3, 9, 10, 11, 5 | essential], False, b"", True),
        (b"Exif", exif, [], True, b"", False),
        (b"mime", xmp, [], True, b"application/rdf+xml", False),
    ]
    references = [(b"dimg", 7, [1, 2, 3, 4, 5, 6]), (b"thmb", 8, [7]), (b"dimg", 12, [7, 9])]
    references += [(b"auxl", item, [7, 12]) for item in (9, 10, 11)] + [
        (b"cdsc", item, [7, 12]) for item in (13, 14)
    ]
    inside = b"".join(item[1] for item in items if item[5])

    def head(at):
        places, at_inside = [], 0
        for number, item in enumerate(items, 1):
            places.append(
                struct.pack(
                    ">HHHHII",
                    number,
                    int(item[5]),
                    0,
                    1,
                    at_inside if item[5] else at,
                    len(item[1]),
                )
            )
            at, at_inside = (
                (at, at_inside + len(item[1])) if item[5] else (at + len(item[1]), at_inside)
            )
        entries = [
            full_box(
                "infe",
                2,
                struct.pack(">HH", number, 0),
                item[0],
                b"\0",
                item[4] + b"\0" if item[4] else b"",
                flags=int(item[3]),
            )
            for number, item in enumerate(items, 1)
        ]
        associations = [
            struct.pack(">HB", number, len(item[2])) + bytes(item[2])
            for number, item in enumerate(items, 1)
            if item[2]
        ]
        return box("ftyp", b"heic", bytes(4), b"mif1MiHEMiPrmiafMiHBheictmap") + full_box(
            "meta",
            0,
            full_box("hdlr", 0, bytes(4), b"pict", bytes(12), b"\0"),
            full_box("pitm", 0, struct.pack(">H", 7)),
            full_box("iinf", 0, struct.pack(">H", len(items)), *entries),
            full_box(
                "iref",
                0,
                *[
                    box(
                        kind.decode(),
                        struct.pack(">HH", source, len(targets)),
                        *[struct.pack(">H", t) for t in targets],
                    )
                    for kind, source, targets in references
                ],
            ),
            box(
                "iprp",
                box("ipco", *properties),
                full_box("ipma", 0, struct.pack(">I", len(associations)), *associations),
            ),
            box("idat", inside),
            full_box("iloc", 1, struct.pack(">HH", 0x4400, len(items)), *places),
            box("grpl", full_box("altr", 0, struct.pack(">IIII", 100, 2, 12, 7))),
        )

    film = box(
        "mpvd", box("ftyp", b"mp42", bytes(4), b"mp42"), box("moov", full_box("meta", 0, bytes(20)))
    )
    mark = (
        struct.pack("<HHI", 0, 0x0A30, 16)
        + b"MotionPhoto_Data"
        + box("ftyp", b"mp42", bytes(4))
        + b"SEFT"
    )
    return (
        head(len(head(0)) + 8)
        + box("mdat", *[item[1] for item in items if not item[5]])
        + film
        + mark
    )


def main():
    data = phone((HERE / "grid.heic").read_bytes())
    assert [kind for kind, _, _ in boxes(data, 0, len(data) - 60)][:3] == ["ftyp", "meta", "mdat"]
    samples = np.frombuffer((HERE / "grid.heic.raw").read_bytes(), np.uint8).reshape(100, 150, 3)
    # Three quarter turns counterclockwise.
    turned = np.ascontiguousarray(np.rot90(samples, 3))
    (HERE / "phone.heic").write_bytes(data)
    (HERE / "phone.heic.raw").write_bytes(turned.tobytes())
    try:
        import pillow_heif
    except ImportError:
        return
    read = np.asarray(pillow_heif.open_heif(io.BytesIO(data)).to_pillow().convert("RGB")).astype(
        int
    )
    assert read.shape == turned.shape and abs(read - turned).max() <= 2, abs(read - turned).max()


if __name__ == "__main__":
    main()
