"""Colour information keeps its meaning, as read by libpng, Little CMS and exiftool."""

import io
import json
import pathlib
import struct
import subprocess
import zlib

import numpy
import pytest
from colours import (
    ADOBE,
    P3,
    chunk,
    chunks,
    exif,
    iccp,
    jpeg_with,
    pieces,
    png_with,
    profile,
    segment,
    srgb_light,
    to_srgb,
)
from PIL import Image, ImageCms
from pictures import report_of

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "ImagingTests/Fixtures"


def slope(side=64):
    """Colours from the middle of the space, which lie within every other one."""
    y, x = numpy.mgrid[0:side, 0:side] * (100 / side)
    return Image.fromarray(numpy.dstack([80 + x, 80 + y, 130 - x / 2]).astype(numpy.uint8))


def bytes_of(image, format, **options):
    data = io.BytesIO()
    image.save(data, format, **options)
    return data.getvalue()


def protect(palimpsest, tmp_path, name, data, *options):
    """The protected picture, its chunks, its report and the output of `verify`."""
    path = tmp_path / "in" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    result = palimpsest("protect", path, "--class", "c", "--out", tmp_path / "out", *options)
    assert result.returncode == 0, result.stderr
    made = tmp_path / "out/c" / pathlib.Path(name).with_suffix(".png")
    verified = palimpsest("verify", path, made, "--manifest", report_of(made))
    assert verified.returncode == 0, verified
    # libpng reports what it does not accept by a warning.
    subprocess.run(
        ["identify", "-regard-warnings", "-verbose", made], check=True, capture_output=True
    )
    return (
        made,
        chunks(made.read_bytes()),
        json.loads(report_of(made).read_text()),
        verified.stdout
    )


def shown(path):
    """The samples in sRGB, as a viewer shows them that applies the profile."""
    with Image.open(path) as picture:
        source = ImageCms.ImageCmsProfile(io.BytesIO(picture.info["icc_profile"]))
        target = ImageCms.createProfile("sRGB")
        return numpy.asarray(
            ImageCms.profileToProfile(picture, source, target, renderingIntent=1)
        ).astype(float)


def colour_line(verified):
    return next(
        line.split("  ", 1)[1].strip()
        for line in verified.splitlines()
        if line.startswith("colour profile")
    )


# ---- Adobe RGB by EXIF alone ----


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
def test_adobe_rgb_by_exif_alone_is_shown_as_it_was_meant(palimpsest, tmp_path, kind):
    told = exif(0xFFFF, b"R03")
    data = bytes_of(
        slope(), kind, exif=b"Exif\0\0" + told, **({"quality": 95} if kind != "PNG" else {})
    )
    name = {"JPEG": "_DSC1234.JPG", "WEBP": "photo.webp", "PNG": "photo.png"}[kind]
    made, parts, report, verified = protect(palimpsest, tmp_path, name, data)
    assert "iCCP" in parts and report["left_out"] == [] and colour_line(verified) == "kept"
    expected = to_srgb(numpy.asarray(Image.open(made)), ADOBE, lambda values: values ** (563 / 256))
    assert abs(shown(made) - expected).max() <= 2
    # Differs from a reading as sRGB.
    assert abs(numpy.asarray(Image.open(made)).astype(float) - expected).max() > 10
    words = subprocess.run(
        ["exiftool", "-s3", "-ProfileDescription", made], check=True, capture_output=True, text=True
    ).stdout
    assert words == "Compatible with Adobe RGB (1998)\n"
    assert (
        json.loads(report_of(made).read_text())["metadata"] == "strip"
        and "eXIf" not in parts
    )


@pytest.mark.parametrize(
    ("color_space", "rule"), [(1, b"R98"), (0xFFFF, None), (None, None), (1, b"R03")]
)
def test_other_words_of_exif_make_no_profile(palimpsest, tmp_path, color_space, rule):
    data = bytes_of(slope(), "JPEG", exif=b"Exif\0\0" + exif(color_space, rule))
    _, parts, report, verified = protect(palimpsest, tmp_path, "photo.jpg", data)
    assert (
        parts.keys() == {"IHDR", "IDAT", "IEND"}
        and report["left_out"] == []
        and colour_line(verified) == "kept"
    )


def test_verify_tells_that_colours_are_lost(palimpsest, tmp_path):
    told = exif(0xFFFF, b"R03")
    data = bytes_of(slope(), "JPEG", exif=b"Exif\0\0" + told)
    made, parts, _, _ = protect(palimpsest, tmp_path, "photo.jpg", data)
    without = made.read_bytes().replace(chunk(b"iCCP", parts["iCCP"]), b"")
    assert len(without) < len(made.read_bytes())
    other = iccp(profile())
    for name, changed in {
        "none": without,
        # No PNG viewer looks there.
        "by EXIF alone": png_with(without, chunk(b"eXIf", told)),
        "another": png_with(without, other),
    }.items():
        (tmp_path / "changed.png").write_bytes(changed)
        result = palimpsest("verify", tmp_path / "in/photo.jpg", tmp_path / "changed.png")
        assert result.returncode == 1 and colour_line(result.stdout).startswith("changed"), (
            name, result
        )


# ---- Display P3 ----


def p3_png():
    return png_with(
        bytes_of(slope(), "PNG"),
        chunk(b"cICP", b"\x0c\x0d\0\1"),
        chunk(b"gAMA", struct.pack(">I", 45455)),
    )


def p3_heif(name):
    data = bytearray((FIXTURES / name).read_bytes())
    # One of the two has a profile in its place; the rest of the box then has no meaning.
    at = data.index(b"colrprof" if name == "turned.heic" else b"colrnclx")
    data[at + 4 : at + 15] = b"nclx" + struct.pack(">HHHB", 12, 13, 6, 0x80)
    return bytes(data)


@pytest.mark.parametrize("name", ["photo.png", "turned.heic", "lossy.avif"])
def test_display_p3_without_a_profile_is_kept_for_every_viewer(palimpsest, tmp_path, name):
    data = p3_png() if name == "photo.png" else p3_heif(name)
    made, parts, report, verified = protect(palimpsest, tmp_path, name, data)
    assert parts["cICP"] == b"\x0c\x0d\0\1" and "gAMA" not in parts
    assert report["left_out"] == [] and colour_line(verified) == "kept"
    samples = numpy.asarray(Image.open(made))
    expected = to_srgb(samples, P3, srgb_light)
    within = (expected > 3).all(axis=2) & (expected < 252).all(axis=2)
    assert within.mean() > 0.3 and abs(shown(made) - expected)[within].max() <= 2
    # Either one is enough; without both, the colours are lost.
    changed = made.read_bytes()
    for kind in ("iCCP", "cICP"):
        without = made.read_bytes().replace(chunk(kind.encode(), parts[kind]), b"")
        (tmp_path / "changed.png").write_bytes(without)
        assert (
            palimpsest("verify", tmp_path / "in" / name, tmp_path / "changed.png").returncode == 0
        )
        changed = changed.replace(chunk(kind.encode(), parts[kind]), b"")
    (tmp_path / "changed.png").write_bytes(changed)
    result = palimpsest("verify", tmp_path / "in" / name, tmp_path / "changed.png")
    assert result.returncode == 1 and colour_line(result.stdout).startswith("changed"), result


@pytest.mark.parametrize("points", [b"\x09\x10\0\1", b"\x09\x12\0\1", b"\x0c\x10\0\1"])
def test_hdr_is_refused_with_its_own_reason(palimpsest, tmp_path, points):
    (tmp_path / "hdr.png").write_bytes(png_with(bytes_of(slope(), "PNG"), chunk(b"cICP", points)))
    result = palimpsest("protect", tmp_path / "hdr.png", "--class", "c", "--out", tmp_path / "out")
    assert (
        result.returncode == 1 and "image_unsupported" in result.stderr and "HDR" in result.stderr
    )


# ---- Profiles that cannot be used ----

MISFITS = {
    "gray with RGB": ("L", profile(), "wrong_color_space"),
    "colour with GRAY": ("RGB", profile(b"GRAY"), "wrong_color_space"),
    "colour with CMYK": ("RGB", profile(b"CMYK"), "wrong_color_space"),
    "colour with Lab": ("RGB", profile(b"Lab "), "wrong_color_space"),
    "named colours": ("RGB", profile(kind=b"nmcl"), "wrong_class"),
    "cut": ("RGB", profile()[:-30], "damaged"),
    "nonsense": ("RGB", b"colours, I swear", "damaged"),
    "a wrong size": ("RGB", struct.pack(">I", 1 << 31) + profile()[4:], "damaged"),
    "nothing in it": ("RGB", profile(tags=[(b"wtpt", b"XYZ \0\0\0\0" + bytes(12))]), "incomplete"),
    "too long": (
        "RGB",
        struct.pack(">I", 5 << 20) + profile()[4:] + bytes((5 << 20) - len(profile())),
        "too_large",
    ),
}


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("misfit", MISFITS)
def test_a_profile_that_cannot_be_used_is_left_out_and_told(palimpsest, tmp_path, format, misfit):
    mode, made_profile, reason = MISFITS[misfit]
    if format == "WEBP" and mode == "L":
        pytest.skip("WebP has no gray")
    image = slope().convert(mode)
    data = bytes_of(image, format)
    if format == "JPEG":
        data = jpeg_with(data, *pieces(made_profile, 1 + len(made_profile) // 60_000))
    elif format == "PNG":
        data = png_with(data, iccp(made_profile))
    else:
        data = bytes_of(image, format, icc_profile=made_profile, lossless=True)
    made, parts, report, verified = protect(palimpsest, tmp_path, f"photo.{format.lower()}", data)
    assert parts.keys() == {"IHDR", "IDAT", "IEND"}
    assert report["left_out"] == [{"part": "icc_profile", "reason": reason}]
    assert colour_line(verified) == f"left out, since the original's cannot be used ({reason})"
    before = numpy.asarray(
        Image.open(io.BytesIO(bytes_of(image, format) if format != "WEBP" else data)).convert(mode)
    ).astype(int)
    assert 0 < abs(before - numpy.asarray(Image.open(made))).max() <= 8


def test_the_check_of_these_tests_does_find_a_profile_that_does_not_fit(tmp_path):
    bad = png_with(bytes_of(slope().convert("L"), "PNG"), iccp(profile()))
    (tmp_path / "bad.png").write_bytes(bad)
    with pytest.raises(AssertionError):
        chunks(bad)
    result = subprocess.run(
        ["identify", "-regard-warnings", "-verbose", tmp_path / "bad.png"],
        check=False,
        capture_output=True,
    )
    assert result.returncode != 0 and b"iCCP" in result.stderr


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_a_profile_that_fits_is_kept_byte_for_byte(palimpsest, tmp_path, mode):
    own = profile(b"GRAY" if mode == "L" else b"RGB ")
    data = jpeg_with(bytes_of(slope().convert(mode), "JPEG"), *pieces(own, 1))
    made, parts, report, _ = protect(palimpsest, tmp_path, "photo.jpg", data)
    assert zlib.decompress(parts["iCCP"].split(b"\0\0", 1)[1]) == own and report["left_out"] == []
    with Image.open(made) as picture:
        assert picture.mode == mode and picture.info["icc_profile"] == own


def test_the_pieces_of_a_profile_in_a_jpeg(palimpsest, tmp_path):
    """Order and repetition are harmless; missing, contradicting or miscounted pieces are not."""
    own, jpeg = profile(), bytes_of(slope(), "JPEG")
    all = pieces(own, 3)
    other = segment(2, b"ICC_PROFILE\0\x02\x03" + b"other")
    last = segment(2, b"ICC_PROFILE\0\x04\x03" + own[-20:])
    cases = {
        "order": ([all[2], all[0], all[1]], True),
        "repeated": ([all[0], all[1], all[1], all[2]], True),
        "missing": ([all[0], all[2]], False),
        "contradiction": ([all[0], all[1], other, all[2]], False),
        "count": ([all[0], all[1], last], False),
        "empty": ([segment(2, b"ICC_PROFILE\0")], False),
    }
    for name, (segments, is_kept) in cases.items():
        _, parts, report, _ = protect(
            palimpsest, tmp_path, f"{name}.jpg", jpeg_with(jpeg, *segments)
        )
        assert ("iCCP" in parts) == is_kept, name
        assert report["left_out"] == (
            [] if is_kept else [{"part": "icc_profile", "reason": "damaged"}]
        ), name


def test_a_damaged_chunk_of_colours_costs_that_alone(palimpsest, tmp_path):
    plain = bytes_of(slope(), "PNG")
    broken = bytearray(iccp(profile()))
    broken[-1] ^= 1
    for name, bad, part in [
        ("checksum", bytes(broken), "icc_profile"),
        ("stream", chunk(b"iCCP", b"x\0\0" + zlib.compress(profile())[:-8]), "icc_profile"),
        ("bomb", chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(64 << 20))), "icc_profile"),
        ("gamma", chunk(b"gAMA", bytes(4)), "colorimetry"),
        ("points", chunk(b"cICP", b"\x0c\x0d\x09\1"), "cicp"),
    ]:
        _, parts, report, _ = protect(palimpsest, tmp_path, f"{name}.png", png_with(plain, bad))
        assert parts.keys() == {"IHDR", "IDAT", "IEND"}
        reason = "too_large" if name == "bomb" else "damaged"
        assert report["left_out"] == [{"part": part, "reason": reason}], name


def test_colours_that_are_nearly_those_of_srgb_need_no_words_to_be_verified(palimpsest, tmp_path):
    """Earlier versions wrote nothing for the television curve; their pictures still verify."""
    data = bytearray((FIXTURES / "lossy.avif").read_bytes())
    at = data.index(b"colrnclx") + 8
    data[at : at + 4] = struct.pack(">HH", 1, 1)
    made, parts, _, verified = protect(palimpsest, tmp_path, "photo.avif", bytes(data))
    assert parts["cICP"] == b"\1\1\0\1" and "iCCP" not in parts and colour_line(verified) == "kept"
    (tmp_path / "earlier.png").write_bytes(
        made.read_bytes().replace(chunk(b"cICP", parts["cICP"]), b"")
    )
    result = palimpsest("verify", tmp_path / "in/photo.avif", tmp_path / "earlier.png")
    assert (
        result.returncode == 0
        and colour_line(result.stdout) == "none; the original's colours are nearly those of sRGB"
    )
