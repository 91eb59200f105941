"""Pictures for publishing: JPEG and WebP as other programs read them, sizes, and refusals."""

import json
import subprocess

import numpy
import pytest
from PIL import Image, ImageCms, ImageOps
from pictures import picture, report_of

PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def smooth(path, size=(320, 200), mode="RGB", **options):
    """A smooth picture, which a lossy format changes little."""
    path.parent.mkdir(parents=True, exist_ok=True)
    coarse = numpy.random.default_rng(3).integers(40, 215, (6, 8, 3), dtype=numpy.uint8)
    image = Image.fromarray(coarse).resize(size, Image.BICUBIC).convert(mode)
    image.save(path, **options)
    return path


def samples(path, mode="RGB"):
    return numpy.asarray(Image.open(path).convert(mode)).astype(int)


def made(palimpsest, photo, out, *options):
    result = palimpsest("protect", photo, "--class", "c", "--out", out, *options)
    assert result.returncode == 0, result.stderr
    (path,) = (out / "c").iterdir()
    return path, json.loads(report_of(path).read_text())


def tags(path):
    return json.loads(subprocess.run(
        ["exiftool", "-j", "-n", path], capture_output=True, text=True, check=True,
    ).stdout)[0]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "sampling"),
    [((), "1 1"), (("--chroma", "4:4:4"), "1 1"), (("--chroma", "4:2:0"), "2 2")],
)
def test_a_jpeg_has_the_quality_the_chroma_and_the_profile(palimpsest, tmp_path, options, sampling):
    photo = smooth(tmp_path / "a.png", icc_profile=PROFILE)
    path, report = made(
        palimpsest, photo, tmp_path / "out", "--format", "jpeg", "--quality", "80", *options
    )
    assert path.name == "a.jpg"
    image = Image.open(path)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (320, 200))
    assert image.info["icc_profile"] == PROFILE
    assert tags(path)["YCbCrSubSampling"] == sampling
    # What Pillow writes at this quality has the same tables.
    smooth(tmp_path / "b.jpg", quality=80)
    assert image.quantization == Image.open(tmp_path / "b.jpg").quantization
    assert report["format"] == "jpeg" and report["quality"] == 80
    assert report["linf"] == abs(samples(path) - samples(photo)).max()
    assert report["bound"] is None and report["png"]["bound"] == 8 >= report["png"]["linf"] > 0


def test_a_webp_is_lossy_and_keeps_profile_metadata_and_transparency(palimpsest, tmp_path):
    image = Image.open(smooth(tmp_path / "a.png")).convert("RGBA")
    alpha = numpy.zeros((200, 320), numpy.uint8)
    alpha[:, 100:200], alpha[:, 200:] = 90, 255
    image.putalpha(Image.fromarray(alpha))
    exif = Image.Exif()
    exif[0x8298] = "Somebody"
    image.save(tmp_path / "a.png", icc_profile=PROFILE, exif=exif)
    path, report = made(
        palimpsest, tmp_path / "a.png", tmp_path / "out", "--format", "webp", "--metadata",
        "copyright",
    )  # fmt: skip
    after = Image.open(path)
    assert (path.name, after.format, after.mode) == ("a.webp", "WEBP", "RGBA")
    assert after.info["icc_profile"] == PROFILE
    assert after.getexif()[0x8298] == "Somebody"
    assert (numpy.asarray(after)[:, :, 3] == alpha).all()
    assert b"VP8 " in path.read_bytes() and b"VP8L" not in path.read_bytes()[:64]
    assert report["quality"] == 92 and report["chroma"] == "4:2:0" and report["left_out"] == []
    assert tags(path)["ImageWidth"] == 320


def test_a_jpeg_puts_transparency_on_white_and_says_so(palimpsest, tmp_path):
    image = Image.open(smooth(tmp_path / "a.png")).convert("RGBA")
    alpha = numpy.full((200, 320), 255, numpy.uint8)
    alpha[:, :160] = 0
    image.putalpha(Image.fromarray(alpha))
    image.save(tmp_path / "a.png")
    path, report = made(palimpsest, tmp_path / "a.png", tmp_path / "out", "--format", "jpeg")
    assert {"part": "alpha", "reason": "flattened_on_white"} in report["left_out"]
    assert samples(path)[:, :140].min() > 255 - 30


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_sixteen_bits_become_eight_and_gray_stays_gray(palimpsest, tmp_path, format):
    levels = numpy.linspace(8_000, 56_000, 320 * 200).reshape(200, 320).astype(numpy.uint16)
    Image.fromarray(levels).save(tmp_path / "a.png")
    path, report = made(palimpsest, tmp_path / "a.png", tmp_path / "out", "--format", format)
    assert {"part": "sample_depth", "reason": "not_carried"} in report["left_out"]
    assert report["bit_depth"] == 8 and report["luminance_only"]
    after = samples(path)
    assert abs(after[:, :, 0] - levels / 257).max() < 30
    assert abs(after - after[:, :, :1]).max() <= (0 if format == "jpeg" else 3)
    if format == "jpeg":
        assert Image.open(path).mode == "L"


def test_the_orientation_is_applied_and_metadata_fits_the_picture(palimpsest, tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Camera"
    photo = smooth(tmp_path / "a.jpg", exif=exif, quality=95)
    path, _ = made(
        palimpsest, photo, tmp_path / "out", "--format", "jpeg", "--metadata", "all", "--max-side",
        "100",
    )  # fmt: skip
    assert Image.open(path).size == (63, 100)
    found = tags(path)
    assert found["Make"] == "Camera" and found.get("Orientation", 1) == 1


@pytest.mark.parametrize(
    ("size", "expected"), [((320, 200), (100, 63)), ((200, 320), (63, 100)), ((99, 64), (99, 64))]
)
def test_larger_photos_are_scaled_as_pillow_scales_them_and_the_bound_holds(
    palimpsest, tmp_path, size, expected
):
    photo = smooth(tmp_path / "a.png", size)
    path, report = made(
        palimpsest, photo, tmp_path / "out", "--max-side", "100", "--strength", "1", "--mask",
        "none",
    )  # fmt: skip
    assert Image.open(path).size == expected
    scaled = Image.open(photo).resize(expected, Image.BICUBIC)
    # Pillow rounds between its two passes, which makes one level.
    assert abs(samples(path) - numpy.asarray(scaled).astype(int)).max() <= 2
    assert report["bound"] == 1 == report["linf"] and "png" not in report
    assert report.get("max_side") == 100
    result = palimpsest("verify", photo, path, "--manifest", report_of(path))
    assert result.returncode == 0 and result.stdout.endswith("\nverified\n"), result
    result = palimpsest("verify", photo, path)
    assert (result.returncode == 0) == (size == expected), result


def test_scaling_weighs_colours_by_alpha(palimpsest, tmp_path):
    image = numpy.zeros((200, 200, 4), numpy.uint8)
    image[:, :, 0] = 255
    image[:, 101:] = (0, 0, 255, 0)
    image[:, :101, 3] = 255
    Image.fromarray(image).save(tmp_path / "a.png")
    path, _ = made(palimpsest, tmp_path / "a.png", tmp_path / "out", "--max-side", "100")
    after = numpy.asarray(Image.open(path)).astype(int)
    seen = after[:, :, 3] > 16
    # No blue of the transparent half bleeds into what is seen.
    assert seen.any() and after[:, :, 2][seen].max() <= 16


@pytest.mark.parametrize("format", ["jpeg", "webp"])
def test_verify_measures_a_copy_and_claims_no_bound(palimpsest, tmp_path, format):
    photo = smooth(tmp_path / "a.png")
    options = ("--format", format, "--max-side", "150")
    path, report = made(palimpsest, photo, tmp_path / "out", *options)
    for options in [(), ("--manifest", report_of(path))]:
        result = palimpsest("verify", photo, path, *options)
        assert result.returncode == 0, result.stdout
        assert result.stdout.endswith("\nmeasured, without a bound\n")
        assert f"{report['linf']} levels, measured" in result.stdout
    found = json.loads(palimpsest("verify", photo, path, "--json").stdout)
    assert found["is_verified"] and not found["has_bound"]
    # Another quality than the manifest's is another file.
    Image.open(path).save(tmp_path / "copy.jpg", quality=60)
    result = palimpsest("verify", photo, tmp_path / "copy.jpg", "--manifest", report_of(path))
    assert result.returncode == 1 and "not in the manifest" in result.stdout
    # Another picture is not a copy of that size.
    other = smooth(tmp_path / "other.png", (320, 100))
    assert palimpsest("verify", other, path).returncode == 1
    # Nor is a picture of another photo of the same size; the worst JPEG of the photo is.
    ImageOps.invert(Image.open(photo).convert("RGB")).save(tmp_path / "another.png")
    result = palimpsest("verify", tmp_path / "another.png", path)
    assert result.returncode == 1 and "they are hardly alike" in result.stdout
    Image.open(path).convert("RGB").save(tmp_path / "worst.jpg", quality=1)
    assert palimpsest("verify", photo, tmp_path / "worst.jpg").returncode == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--format", "jpg"), "png, jpeg or webp"),
        (("--quality", "80"), "no quality"),
        (("--format", "jpeg", "--quality", "0"), "1 to 100"),
        (("--format", "webp", "--chroma", "4:4:4"), "4:2:0"),
        (("--format", "jpeg", "--chroma", "4:1:1"), "4:4:4 or 4:2:0"),
        (("--max-side", "10"), "64 to 16383"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_made(palimpsest, tmp_path, options, words):
    photo = picture(tmp_path / "a.png")
    result = palimpsest(
        "protect", photo, "--class", "c", "--out", tmp_path / "out", *options
    )  # fmt: skip
    assert result.returncode in (2, 64) and words in result.stderr, result
    assert not (tmp_path / "out").exists() and not (tmp_path / "out-reports").exists()


def test_recover_refuses_a_lossy_picture_and_says_why(palimpsest, tmp_path):
    photo = smooth(tmp_path / "a.jpg")
    (tmp_path / "a.recovery").write_bytes(b"x")
    (tmp_path / "passphrase").write_text("correct horse")
    result = palimpsest(
        "recover", photo, tmp_path / "a.recovery", "--passphrase-file", tmp_path / "passphrase",
        "-o", tmp_path / "back.png",
    )  # fmt: skip
    assert result.returncode != 0 and "is a JPEG. Only the PNG" in result.stderr, result


def test_force_in_another_format_leaves_one_picture(palimpsest, tmp_path):
    photo, out = smooth(tmp_path / "in/c/a.png"), tmp_path / "out"
    call = ("protect", tmp_path / "in", "--out", out)
    assert palimpsest(*call).returncode == 0
    kept = palimpsest(*call, "--format", "jpeg", "--skip-existing")
    assert "made with other settings" in kept.stderr and (out / "c/a.png").exists(), kept
    assert palimpsest(*call, "--format", "jpeg", "--force").returncode == 0
    assert [path.name for path in (out / "c").iterdir()] == ["a.jpg"]
    assert json.loads(report_of(out / "c/a.jpg").read_text())["format"] == "jpeg"
    # A picture that is no result stays, and its name is taken.
    smooth(out / "c/b.webp")
    smooth(tmp_path / "in/c/b.png", (100, 90))
    result = palimpsest(*call, "--format", "jpeg", "--skip-existing")
    assert result.returncode == 0 and photo.exists(), result
    assert sorted(path.name for path in (out / "c").iterdir()) == ["a.jpg", "b-2.jpg", "b.webp"]
