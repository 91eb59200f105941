"""Picture formats from file to file, compared with what other programs read."""

import json
import pathlib
import shutil
import subprocess

import numpy
import pytest
from PIL import Image
from pictures import report_of

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "ImagingTests/Fixtures"


def samples(path, kind, depth):
    """The samples as ImageMagick reads them."""
    command = ["convert", path, "-colorspace", "gray" if kind == "gray" else "sRGB"]
    if depth == 16:
        command += ["-depth", "16", "-endian", "MSB"]
    command.append(f"{kind}:-")
    data = subprocess.run(command, capture_output=True, check=True).stdout
    return numpy.frombuffer(data, ">u2" if depth == 16 else "u1").astype(int)


def header(path):
    """Bit depth and colour type of a PNG."""
    return tuple(path.read_bytes()[24:26])


@pytest.mark.parametrize(
    ("name", "kind", "color_type"),
    [
        ("rgb_16.png", "rgb", 2),
        ("rgba_16.png", "rgba", 6),
        ("gray_16.png", "gray", 0),
        ("interlaced_16.png", "rgb", 2),
    ],
)
def test_sixteen_bits_stay_sixteen_and_the_bound_is_counted_in_them(
    palimpsest, tmp_path, name, kind, color_type
):
    original, out = FIXTURES / name, tmp_path / "out"
    result = palimpsest("protect", original, "--class", "c", "--out", out, "--strength", "5")
    assert result.returncode == 0, result.stderr
    made = out / "c" / name
    assert header(made) == (16, color_type)
    before, after = samples(original, kind, 16), samples(made, kind, 16)
    change = abs(after - before)
    report = json.loads(report_of(made).read_text())
    assert (
        report["bit_depth"] == 16
        and report["bound"] == 5 * 257
        and report["linf"] == change.max() <= 5 * 257
    )
    assert (change % 257 != 0).any()
    if kind == "rgba":
        before, change = before.reshape(-1, 4), change.reshape(-1, 4)
        assert (
            (change[:, 3] == 0).all()
            and (change[before[:, 3] == 0] == 0).all()
            and (before[:, 3] == 0).any()
        )
        change = change[:, :3]
    psnr = 10 * numpy.log10(65535**2 / numpy.mean(change.astype(float) ** 2))
    assert abs(report["psnr"] - psnr) < 1e-6

    result = palimpsest("verify", original, made, "--manifest", report_of(made))
    assert (
        result.returncode == 0 and f"{report['linf']} of 65535, the bound is 1285" in result.stdout
    ), result
    assert palimpsest("verify", original, made, "--strength", "4").returncode == 1

    # Reduced to 8 bits, it is a different picture.
    subprocess.run(["convert", made, "-depth", "8", tmp_path / "narrow.png"], check=True)
    result = palimpsest("verify", original, tmp_path / "narrow.png")
    assert result.returncode == 1 and "16 bits" in result.stdout, result


@pytest.mark.parametrize("name", ["cmyk_adobe.jpg", "cmyk_plain.jpg", "ycck.jpg"])
def test_inks_become_the_colours_that_other_programs_show(palimpsest, tmp_path, name):
    out = tmp_path / "out"
    assert palimpsest("protect", FIXTURES / name, "--class", "c", "--out", out).returncode == 0
    made = (out / "c" / name).with_suffix(".png")
    change = abs(samples(FIXTURES / name, "rgb", 8) - samples(made, "rgb", 8))
    assert header(made) == (8, 2) and 0 < change.max() <= 8
    assert palimpsest("verify", FIXTURES / name, made).returncode == 0


def test_inks_with_a_profile_are_refused(palimpsest, tmp_path):
    result = palimpsest(
        "protect", FIXTURES / "cmyk_profile.jpg", "--class", "c", "--out", tmp_path / "out"
    )
    assert result.returncode == 1 and ": image_cmyk_unsupported: " in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", ["webp", "heic", "avif"])
def test_other_containers_become_pngs(palimpsest, tmp_path, suffix):
    """Wrong suffixes work too: the first bytes decide what a file is."""
    original = tmp_path / "in/c" / ("photo.jpg" if suffix == "webp" else f"photo.{suffix}")
    original.parent.mkdir(parents=True)
    shutil.copy(FIXTURES / f"turned.{suffix}", original)
    result = palimpsest("protect", tmp_path / "in", "--out", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    made = tmp_path / "out/c/photo.png"
    before = numpy.frombuffer((FIXTURES / f"turned.{suffix}.raw").read_bytes(), "u1").astype(int)
    with Image.open(made) as picture:
        after = numpy.asarray(picture).astype(int)
        profile = picture.info["icc_profile"]
        assert picture.info.keys() == {"icc_profile"} and not picture.getexif()
    assert after.shape[0] > after.shape[1] and 0 < abs(after.ravel() - before).max() <= 8
    if suffix != "webp":
        assert profile == (FIXTURES / "srgb.icc").read_bytes()
    report = json.loads(report_of(made).read_text())
    assert report["input_format"] == suffix and report["bit_depth"] == 8
    result = palimpsest("verify", original, made, "--manifest", report_of(made))
    assert result.returncode == 0 and "colour profile" in result.stdout, result


def test_a_heic_as_iphones_write_it_is_protected_upright(palimpsest, tmp_path):
    """A rotated grid of tiles, with gain map, depth and matte that a tone-mapped image shares."""
    original = FIXTURES / "phone.heic"
    result = palimpsest("protect", original, "--class", "c", "--out", tmp_path, "--metadata", "all")
    assert result.returncode == 0, result.stderr
    made = tmp_path / "c/phone.png"
    before = (
        numpy.frombuffer((FIXTURES / "phone.heic.raw").read_bytes(), "u1")
        .reshape(150, 100, 3)
        .astype(int)
    )
    with Image.open(made) as picture:
        assert picture.mode == "RGB" and picture.getexif().get(0x0112, 1) == 1
        after = numpy.asarray(picture).astype(int)
    assert after.shape == before.shape and 0 < abs(after - before).max() <= 8
    result = palimpsest("verify", original, made, "--manifest", report_of(made))
    assert result.returncode == 0, result


@pytest.mark.parametrize(
    ("kind", "words"),
    [("unci", "uncompressed"), ("vvc1", "VVC"), ("j2k1", "JPEG 2000"), ("zzzz", "not known")],
)
def test_a_kind_of_heic_that_is_not_read_is_not_called_damaged(palimpsest, tmp_path, kind, words):
    data = (FIXTURES / "phone.heic").read_bytes()
    assert data.count(b"grid\0") == 1
    path = tmp_path / "new.heic"
    path.write_bytes(data.replace(b"grid\0", kind.encode() + b"\0"))
    result = palimpsest("protect", path, "--class", "c", "--out", tmp_path / "out")
    assert (
        result.returncode == 1
        and ": image_unsupported: " in result.stderr
        and words in result.stderr
    ), result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "name", ["alpha.heic", "alpha.avif", "lossy_alpha.webp", "deep.heic", "deep.avif"]
)
def test_alpha_and_deep_samples_stay(palimpsest, tmp_path, name):
    assert palimpsest("protect", FIXTURES / name, "--class", "c", "--out", tmp_path).returncode == 0
    made = (tmp_path / "c" / name).with_suffix(".png")
    assert header(made) == ((16, 2) if name.startswith("deep") else (8, 6))
    result = palimpsest("verify", FIXTURES / name, made, "--manifest", report_of(made))
    assert result.returncode == 0, result


def test_pictures_in_motion_are_refused(palimpsest, tmp_path):
    result = palimpsest(
        "protect", FIXTURES / "animated.webp", "--class", "c", "--out", tmp_path / "out"
    )
    assert result.returncode == 1 and ": image_animated: " in result.stderr


@pytest.mark.parametrize("suffix", ["webp", "heic", "avif"])
def test_damage_costs_no_more_than_the_damaged_pictures(palimpsest, tmp_path, suffix):
    """Hundreds of damaged files, each protected or with its own error, and an intact one."""
    kinds = (
        ("turned", "lossy_alpha", "lossless_alpha")
        if suffix == "webp"
        else ("turned", "alpha", "lossy")
    )
    random = numpy.random.default_rng(20_261_122)
    source = tmp_path / "in/c"
    source.mkdir(parents=True)
    for number in range(240):
        data = bytearray((FIXTURES / f"{kinds[number % 3]}.{suffix}").read_bytes())
        for _ in range(random.integers(1, 6)):
            at = int(random.integers(12, len(data)))
            match random.integers(3):
                case 0:
                    data[at] ^= 1 << int(random.integers(8))
                case 1:
                    data[at] = (0, 0x7F, 0x80, 0xFF)[random.integers(4)]
                case 2:
                    del data[at : at + int(random.integers(1, 9))]
        (source / f"{number}.{suffix}").write_bytes(data)
    shutil.copy(FIXTURES / "rgb_16.png", source / "sound.png")
    result = palimpsest("protect", tmp_path / "in", "--out", tmp_path / "out", "--quiet")
    assert result.returncode == 1
    faults = [line for line in result.stderr.splitlines() if ": image_" in line]
    made = list((tmp_path / "out").glob("c/*.png"))
    assert len(made) + len(faults) == 241 and len(faults) > 24, result.stderr
    assert (tmp_path / "out/c/sound.png").exists()
    # A crashing decoder is the decoder's fault, but none of these files was seen to cause one.
    assert not [line for line in faults if "image_quarantined" in line], faults
