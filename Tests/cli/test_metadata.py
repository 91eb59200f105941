"""What protected pictures keep of EXIF and XMP, as exiftool reads it."""

import base64
import io
import json
import pathlib
import shutil
import struct
import subprocess

import pytest
from colours import chunks, jpeg_with, segment
from PIL import Image
from pictures import report_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests/ImagingTests/Fixtures"

RIGHTS = {
    "EXIF:Artist": "Zoë Photographer", "EXIF:Copyright": "(c) 2026 Zoë",
    "XMP:Creator": ["Zoë Photographer", "Tom & Co"], "XMP:Rights": "All rights <reserved>",
    "XMP:UsageTerms": "No training", "XMP:WebStatement": "https://example.org/terms?a=1&b=2",
    "XMP:Marked": True,
    "XMP:Credit": "Agency",
}  # fmt: skip
REST = {
    "EXIF:Make": "Camera works", "EXIF:ImageDescription": "A disc", "EXIF:GPSLatitude": 48.2,
    "EXIF:GPSLongitude": 16.4,
    "EXIF:DateTimeOriginal": "2026:11:22 10:00:00", "XMP:City": "Vienna",
    "XMP:CreatorTool": "A tool",
}  # fmt: skip


def besides_pixels(png):
    """The content of all chunks but the pixels', where chance makes any short word."""
    return b"".join(content for kind, content in chunks(png).items() if kind != "IDAT")


def exiftool(*arguments):
    result = subprocess.run(
        ["exiftool", "-charset", "exif=utf8", *map(str, arguments)],
        capture_output=True,
        text=True,
        check=True,
    )
    return result.stdout


def read(path):
    """All tags of a file with their groups, except those that describe the file itself."""
    found = json.loads(exiftool("-j", "-n", "-G0", "-struct", path))[0]
    return {
        name: value
        for name, value in found.items()
        if name.split(":")[0] in ("EXIF", "XMP", "IPTC", "PNG", "MakerNotes")
    }


@pytest.fixture(scope="module", params=["jpg", "png", "webp", "heic", "avif"])
def photo(request, tmp_path_factory):
    """A photo of each kind with all metadata, stored sideways where EXIF allows that."""
    folder = tmp_path_factory.mktemp("photo")
    path = folder / f"photo.{request.param}"
    if request.param in ("heic", "avif"):
        shutil.copy(FIXTURES / f"lossy.{request.param}", path)
    else:
        Image.open(FIXTURES / "lossless.webp").save(path)
    thumbnail = folder / "thumbnail.jpg"
    Image.open(FIXTURES / "lossless.webp").resize((20, 11)).save(thumbnail)
    values = []
    for name, value in {**RIGHTS, **REST}.items():
        values += [f"-{name}={entry}" for entry in (value if isinstance(value, list) else [value])]
    exiftool(
        "-overwrite_original", *values, "-EXIF:GPSLatitudeRef=N", "-EXIF:GPSLongitudeRef=E",
        "-EXIF:Orientation#=6",
        "-XMP-tiff:Orientation#=6", "-EXIF:ExifImageWidth=41", "-EXIF:ExifImageHeight=23",
        f"-ThumbnailImage<={thumbnail}",
        path,
    )  # fmt: skip
    assert read(path).keys() >= {**RIGHTS, **REST}.keys()
    if request.param == "jpg":
        assert "EXIF:ThumbnailImage" in read(path)
    return path


def protected(palimpsest, photo, out, *options):
    result = palimpsest("protect", photo, "--class", "c", "--out", out, *options)
    assert result.returncode == 0, result.stderr
    made = out / "c/photo.png"
    with Image.open(made) as picture:
        # Upright, and not marked as rotated.
        is_lying = photo.suffix in (".heic", ".avif")
        assert picture.size == ((70, 66) if is_lying else (23, 41))
        assert picture.getexif().get(0x0112, 1) == 1
    assert (
        palimpsest("verify", photo, made, "--manifest", report_of(made)).returncode == 0
    )
    return made, read(made)


PNG_ITSELF = {
    "PNG:ImageWidth", "PNG:ImageHeight", "PNG:BitDepth", "PNG:ColorType", "PNG:Compression",
    "PNG:Filter", "PNG:Interlace",
}  # fmt: skip


def test_nothing_is_kept_unless_it_is_asked_for(palimpsest, photo, tmp_path):
    for options in ((), ("--metadata", "strip")):
        made, found = protected(palimpsest, photo, tmp_path / str(len(options)), *options)
        assert found.keys() == PNG_ITSELF
        assert json.loads(report_of(made).read_text())["metadata"] == "strip"


def test_copyright_keeps_the_rights_and_nothing_else(palimpsest, photo, tmp_path):
    made, found = protected(palimpsest, photo, tmp_path, "--metadata", "copyright")
    kept = {name: value for name, value in found.items() if name not in PNG_ITSELF}
    structure = {"EXIF:YCbCrPositioning", "XMP:XMPToolkit"}
    assert {name: value for name, value in kept.items() if name not in structure} == RIGHTS
    data = made.read_bytes()
    assert b"Vienna" not in data and b"Camera works" not in data and b"GPS" not in data
    assert json.loads(report_of(made).read_text())["metadata"] == "copyright"


def test_all_keeps_everything_but_what_shows_the_original(palimpsest, photo, tmp_path):
    made, found = protected(palimpsest, photo, tmp_path, "--metadata", "all")
    wanted = {**RIGHTS, **REST}
    assert {name: found.get(name) for name in wanted} == wanted
    assert found["EXIF:Orientation"] == 1 and found["XMP:Orientation"] == 1
    size = Image.open(made).size
    assert (found["EXIF:ExifImageWidth"], found["EXIF:ExifImageHeight"]) == size
    assert not [name for name in found if "Thumbnail" in name]
    # The thumbnail's JPEG data is gone, not only the pointer to it.
    assert b"\xff\xd8\xff" not in besides_pixels(made.read_bytes())
    assert exiftool("-validate", "-warning", "-error", made).count("Error") == 0


def test_a_policy_that_does_not_exist_is_wrong_usage(palimpsest, photo, tmp_path):
    result = palimpsest(
        "protect", photo, "--class", "c", "--out", tmp_path / "out", "--metadata", "some"
    )
    assert (
        result.returncode == 2
        and "strip, copyright or all" in result.stderr
        and not (tmp_path / "out").exists()
    )


def test_a_photo_without_metadata_gets_none(palimpsest, tmp_path):
    for policy in ("copyright", "all"):
        out = tmp_path / policy
        photo = FIXTURES / "lossless.webp"
        assert (
            palimpsest(
                "protect", photo, "--class", "c", "--out", out, "--metadata", policy
            ).returncode
            == 0
        )
        assert read(out / "c/lossless.png").keys() == PNG_ITSELF


# ---- What describes parts of the file that are gone, and pictures within metadata ----

NAMESPACES = {
    "dc": "http://purl.org/dc/elements/1.1/", "tiff": "http://ns.adobe.com/tiff/1.0/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "GCamera": "http://ns.google.com/photos/1.0/camera/",
    "Container": "http://ns.google.com/photos/1.0/container/",
    "Item": "http://ns.google.com/photos/1.0/container/item/",
    "hdrgm": "http://ns.adobe.com/hdr-gain-map/1.0/",
    "GDepth": "http://ns.google.com/photos/1.0/depthmap/",
    "xmpNote": "http://ns.adobe.com/xmp/note/",
    "HDRGainMap": "http://ns.apple.com/HDRGainMap/1.0/", "own": "http://example.org/own/",
}  # fmt: skip


def packet(attributes="", properties="", **renamed):
    """An XMP packet; prefixes may differ from the usual ones."""
    names = "".join(
        f' xmlns:{renamed.get(prefix, prefix)}="{uri}"' for prefix, uri in NAMESPACES.items()
    )
    return (
        '<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta '
        'xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        f'rdf:about=""{names} '
        f'{attributes}>{properties}</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    ).encode()


def jpeg(side=48, **options):
    data = io.BytesIO()
    Image.open(FIXTURES / "lossless.webp").resize((side, side)).save(data, "JPEG", **options)
    return data.getvalue()


def xmp_segment(text):
    return segment(1, b"http://ns.adobe.com/xap/1.0/\0" + text)


def kept_of(palimpsest, tmp_path, data, suffix="jpg", policy="all"):
    """What exiftool reads from the protected picture, its bytes, and its report's `left_out`."""
    photo = tmp_path / f"photo.{suffix}"
    photo.write_bytes(data)
    result = palimpsest(
        "protect", photo, "--class", "c", "--out", tmp_path / "out", "--metadata", policy
    )
    assert result.returncode == 0, result.stderr
    made = tmp_path / "out/c/photo.png"
    found = json.loads(exiftool("-j", "-n", "-G1", "-struct", made))[0]
    assert not [name for name in found if "Warning" in name or "Error" in name], found
    return found, made.read_bytes(), json.loads(report_of(made).read_text())["left_out"]


TITLE = "<dc:title><rdf:Alt><rdf:li xml:lang='x-default'>A disc</rdf:li></rdf:Alt></dc:title>"


def test_a_motion_photo_with_a_gain_map_says_nothing_of_film_and_map(palimpsest, tmp_path):
    """As a Pixel writes it: picture, gain map, film; XMP and MPF describe both."""
    gain, film = (
        jpeg(12),
        struct.pack(">I4s4s4x4s", 20, b"ftyp", b"mp42", b"mp42")
        + struct.pack(">I4s", 20008, b"mdat")
        + bytes(20000)
    )
    directory = (
        "<Container:Directory><rdf:Seq><rdf:li rdf:parseType='Resource'><Container:Item "
        "Item:Mime='image/jpeg' Item:Semantic='Primary'/></rdf:li><rdf:li "
        "rdf:parseType='Resource'><Container:Item Item:Mime='video/mp4' "
        "Item:Semantic='MotionPhoto' "
        f"Item:Length='{len(film)}'/></rdf:li></rdf:Seq></Container:Directory>"
    )
    attributes = (
        "GCamera:MotionPhoto='1' GCamera:MotionPhotoVersion='1' "
        "GCamera:MotionPhotoPresentationTimestampUs='9' GCamera:MicroVideo='1' "
        "GCamera:MicroVideoOffset='20036' hdrgm:Version='1.0' "
        "HDRGainMap:HDRGainMapVersion='65536' xmp:Rating='4'"
    )
    mpf = b"MPF\0MM\0*" + struct.pack(">IHHHI4sI", 8, 1, 0xB000, 7, 4, b"0100", 0)
    data = (
        jpeg_with(jpeg(), xmp_segment(packet(attributes, directory + TITLE)), segment(2, mpf))
        + gain
        + film
    )
    found, made, left_out = kept_of(palimpsest, tmp_path, data)
    assert found["XMP-dc:Title"] == "A disc" and found["XMP-xmp:Rating"] == 4 and left_out == []
    assert {name.split(":")[0] for name in found if name.startswith("XMP")} == {"XMP-dc", "XMP-xmp"}
    for word in (
        b"MotionPhoto",
        b"MicroVideo",
        b"Container",
        b"hdrgm",
        b"HDRGainMap",
        b"GCamera",
        b"MPF",
        b"ftyp",
    ):
        assert word not in besides_pixels(made), word
    assert b"\xff\xd8\xff" not in besides_pixels(made)


@pytest.mark.parametrize("line", [0, 64])
@pytest.mark.parametrize("place", ["GDepth:Data", "own:Preview", "thumbnail", "attribute", "deep"])
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_no_picture_is_left_in_xmp_whatever_holds_it(palimpsest, tmp_path, kind, place, line):
    data = io.BytesIO()
    Image.open(FIXTURES / "lossless.webp").resize((16, 16)).save(data, kind)
    text = base64.b64encode(data.getvalue()).decode()
    digits = text[8:40]
    if line:
        text = "&#xA;".join(text[at : at + line] for at in range(0, len(text), line))
    attributes, properties = {
        "GDepth:Data": ("GDepth:Mime='image/jpeg'", f"<GDepth:Data>{text}</GDepth:Data>"),
        "own:Preview": ("", f"<own:Preview>{text}</own:Preview>"),
        "thumbnail": ("", "<own:T><rdf:Alt><rdf:li rdf:parseType='Resource'>"
                      f"<own:image>{text}</own:image></rdf:li></rdf:Alt></own:T>"),
        "attribute": (f"own:data='{text}'", ""),
        "deep": ("", f"<own:a><rdf:Bag><rdf:li><own:b own:c='{text}'/></rdf:li></rdf:Bag></own:a>"),
    }[place]  # fmt: skip
    xmp = (
        packet(attributes, properties + TITLE, GDepth="d", own="xmpGImg")
        .replace(b"GDepth:", b"d:")
        .replace(b"own:", b"xmpGImg:")
    )
    found, made, left_out = kept_of(palimpsest, tmp_path, jpeg_with(jpeg(), xmp_segment(xmp)))
    assert found["XMP-dc:Title"] == "A disc" and left_out == []
    assert (
        digits.encode() not in made
        and {name.split(":")[0] for name in found if name.startswith("XMP")} == {"XMP-dc"}
    )


def test_a_picture_that_no_property_holds_takes_the_packet_along(palimpsest, tmp_path):
    text = base64.b64encode(jpeg(16)).decode()
    xmp = packet("", TITLE + f"<!-- {text} -->")
    found, made, left_out = kept_of(palimpsest, tmp_path, jpeg_with(jpeg(), xmp_segment(xmp)))
    assert "XMP-dc:Title" not in found and text[:40].encode() not in made
    assert left_out == [{"part": "xmp", "reason": "holds_picture"}]


@pytest.mark.parametrize("policy", ["all", "copyright"])
def test_a_picture_in_a_text_of_exif_takes_it_along(palimpsest, tmp_path, policy):
    exif = Image.Exif()
    exif[0x8298], exif[0x010E] = base64.b64encode(jpeg(8, quality=5)).decode()[:900], "A disc"
    found, _, left_out = kept_of(palimpsest, tmp_path, jpeg(exif=exif), policy=policy)
    assert not [name for name in found if name.startswith("IFD0")]
    assert left_out == [{"part": "exif", "reason": "holds_picture"}]


@pytest.mark.parametrize(
    "text",
    [
        "tiff:Orientation = '6'",
        "tiff:Orientation\n=\n'8'",
        "{}<tiff:Orientation>\n 6 </tiff:Orientation>",
    ],
)
@pytest.mark.parametrize("prefix", ["tiff", "t"])
def test_the_orientation_of_xmp_is_rewritten_however_it_is_written(
    palimpsest, tmp_path, text, prefix
):
    text = text.replace("tiff:", prefix + ":")
    xmp = (
        packet("", TITLE + text[2:], tiff=prefix)
        if text.startswith("{}")
        else packet(text, TITLE, tiff=prefix)
    )
    found, _, left_out = kept_of(palimpsest, tmp_path, jpeg_with(jpeg(), xmp_segment(xmp)))
    assert (
        found["XMP-tiff:Orientation"] == 1 and found["XMP-dc:Title"] == "A disc" and left_out == []
    )


def test_xmp_that_is_not_understood_or_not_carried_is_told(palimpsest, tmp_path):
    unsound = packet("", TITLE).replace(b"</rdf:RDF>", b"")
    entity = b"<!DOCTYPE x [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>" + packet(
        "", "<dc:title>&b;</dc:title>"
    )
    for xmp in (unsound, entity, packet("", TITLE).decode().encode("utf-16")):
        _, made, left_out = kept_of(palimpsest, tmp_path, jpeg_with(jpeg(), xmp_segment(xmp)))
        assert (
            left_out == [{"part": "xmp", "reason": "not_understood"}]
            and b"XML:com.adobe.xmp" not in made
        )
        shutil.rmtree(tmp_path / "out")
        shutil.rmtree(tmp_path / "out-reports")
    extension = segment(
        1, b"http://ns.adobe.com/xmp/extension/\0" + b"0" * 32 + struct.pack(">II", 4, 0) + b"<a/>"
    )
    xmp = packet(f"xmpNote:HasExtendedXMP='{'0' * 32}'", TITLE)
    found, made, left_out = kept_of(
        palimpsest, tmp_path, jpeg_with(jpeg(), xmp_segment(xmp), extension)
    )
    assert left_out == [{"part": "extended_xmp", "reason": "not_carried"}]
    assert (
        found["XMP-dc:Title"] == "A disc"
        and b"HasExtendedXMP" not in made
        and b"xmpNote" not in made
    )
