"""Kinds of pictures from file to file, compared with what other programs read."""

import json
import pathlib
import subprocess

import numpy
import pytest

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
    """Depth and colour type of a PNG."""
    return tuple(path.read_bytes()[24:26])


@pytest.mark.parametrize(
    ("name", "kind", "color_type"),
    [("rgb_16.png", "rgb", 2), ("rgba_16.png", "rgba", 6), ("gray_16.png", "gray", 0), ("interlaced_16.png", "rgb", 2)],
)
def test_sixteen_bits_stay_sixteen_and_the_bound_is_counted_in_them(palimpsest, tmp_path, name, kind, color_type):
    original, out = FIXTURES / name, tmp_path / "out"
    result = palimpsest("protect", original, "--class", "c", "--out", out, "--strength", "5")
    assert result.returncode == 0, result.stderr
    made = out / "c" / name
    assert header(made) == (16, color_type)
    before, after = samples(original, kind, 16), samples(made, kind, 16)
    change = abs(after - before)
    report = json.loads(made.with_suffix(".json").read_text())
    assert report["bit_depth"] == 16 and report["bound"] == 5 * 257 and report["linf"] == change.max() <= 5 * 257
    assert (change % 257 != 0).any()
    if kind == "rgba":
        before, change = before.reshape(-1, 4), change.reshape(-1, 4)
        assert (change[:, 3] == 0).all() and (change[before[:, 3] == 0] == 0).all() and (before[:, 3] == 0).any()
        change = change[:, :3]
    psnr = 10 * numpy.log10(65535**2 / numpy.mean(change.astype(float) ** 2))
    assert abs(report["psnr"] - psnr) < 1e-6

    result = palimpsest("verify", original, made, "--manifest", made.with_suffix(".json"))
    assert result.returncode == 0 and f"{report['linf']} of 65535, the bound is 1285" in result.stdout, result
    assert palimpsest("verify", original, made, "--strength", "4").returncode == 1

    # Reduced to 8 bits it is another picture.
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
    result = palimpsest("protect", FIXTURES / "cmyk_profile.jpg", "--class", "c", "--out", tmp_path / "out")
    assert result.returncode == 1 and ": image_cmyk_unsupported: " in result.stderr
    assert not (tmp_path / "out").exists()
