"""What protected pictures keep of EXIF and XMP, as exiftool reads it."""

import json
import pathlib
import shutil
import subprocess

import pytest
from PIL import Image

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "Tests/ImagingTests/Fixtures"

RIGHTS = {
    "EXIF:Artist": "Zoë Photographer", "EXIF:Copyright": "(c) 2026 Zoë",
    "XMP:Creator": ["Zoë Photographer", "Tom & Co"], "XMP:Rights": "All rights <reserved>",
    "XMP:UsageTerms": "No training", "XMP:WebStatement": "https://example.org/terms?a=1&b=2", "XMP:Marked": True,
    "XMP:Credit": "Agency",
}  # fmt: skip
REST = {
    "EXIF:Make": "Camera works", "EXIF:ImageDescription": "A disc", "EXIF:GPSLatitude": 48.2, "EXIF:GPSLongitude": 16.4,
    "EXIF:DateTimeOriginal": "2026:11:22 10:00:00", "XMP:City": "Vienna", "XMP:CreatorTool": "A tool",
}  # fmt: skip


def exiftool(*arguments):
    result = subprocess.run(
        ["exiftool", "-charset", "exif=utf8", *map(str, arguments)], capture_output=True, text=True, check=True
    )
    return result.stdout


def read(path):
    """Everything in a file, with its group, that does not describe the file itself."""
    found = json.loads(exiftool("-j", "-n", "-G0", "-struct", path))[0]
    return {name: value for name, value in found.items() if name.split(":")[0] in ("EXIF", "XMP", "IPTC", "PNG", "MakerNotes")}


@pytest.fixture(scope="module", params=["jpg", "png", "webp", "heic", "avif"])
def photo(request, tmp_path_factory):
    """A photo of every kind with everything in it, stored lying on its side where EXIF may say so."""
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
        "-overwrite_original", *values, "-EXIF:GPSLatitudeRef=N", "-EXIF:GPSLongitudeRef=E", "-EXIF:Orientation#=6",
        "-XMP-tiff:Orientation#=6", "-EXIF:ExifImageWidth=41", "-EXIF:ExifImageHeight=23", f"-ThumbnailImage<={thumbnail}",
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
        # Upright, and nothing says that it is to be turned.
        is_lying = photo.suffix in (".heic", ".avif")
        assert picture.size == ((70, 66) if is_lying else (23, 41))
        assert picture.getexif().get(0x0112, 1) == 1
    assert palimpsest("verify", photo, made, "--manifest", made.with_suffix(".json")).returncode == 0
    return made, read(made)


PNG_ITSELF = {"PNG:ImageWidth", "PNG:ImageHeight", "PNG:BitDepth", "PNG:ColorType", "PNG:Compression", "PNG:Filter", "PNG:Interlace"}


def test_nothing_is_kept_unless_it_is_asked_for(palimpsest, photo, tmp_path):
    for options in ((), ("--metadata", "strip")):
        made, found = protected(palimpsest, photo, tmp_path / str(len(options)), *options)
        assert found.keys() == PNG_ITSELF
        assert json.loads(made.with_suffix(".json").read_text())["metadata"] == "strip"


def test_copyright_keeps_the_rights_and_nothing_else(palimpsest, photo, tmp_path):
    made, found = protected(palimpsest, photo, tmp_path, "--metadata", "copyright")
    kept = {name: value for name, value in found.items() if name not in PNG_ITSELF}
    structure = {"EXIF:YCbCrPositioning", "XMP:XMPToolkit"}
    assert {name: value for name, value in kept.items() if name not in structure} == RIGHTS
    data = made.read_bytes()
    assert b"Vienna" not in data and b"Camera works" not in data and b"GPS" not in data
    assert json.loads(made.with_suffix(".json").read_text())["metadata"] == "copyright"


def test_all_keeps_everything_but_what_shows_the_original(palimpsest, photo, tmp_path):
    made, found = protected(palimpsest, photo, tmp_path, "--metadata", "all")
    wanted = {**RIGHTS, **REST}
    assert {name: found.get(name) for name in wanted} == wanted
    assert found["EXIF:Orientation"] == 1 and found["XMP:Orientation"] == 1
    size = Image.open(made).size
    assert (found["EXIF:ExifImageWidth"], found["EXIF:ExifImageHeight"]) == size
    assert not [name for name in found if "Thumbnail" in name]
    # The thumbnail's JPEG is gone, not only what points to it.
    assert b"\xff\xd8\xff" not in made.read_bytes()
    assert exiftool("-validate", "-warning", "-error", made).count("Error") == 0


def test_a_policy_that_does_not_exist_is_wrong_usage(palimpsest, photo, tmp_path):
    result = palimpsest("protect", photo, "--class", "c", "--out", tmp_path / "out", "--metadata", "some")
    assert result.returncode == 2 and "strip, copyright or all" in result.stderr and not (tmp_path / "out").exists()


def test_a_photo_without_metadata_gets_none(palimpsest, tmp_path):
    for policy in ("copyright", "all"):
        out = tmp_path / policy
        photo = FIXTURES / "lossless.webp"
        assert palimpsest("protect", photo, "--class", "c", "--out", out, "--metadata", policy).returncode == 0
        assert read(out / "c/lossless.png").keys() == PNG_ITSELF
