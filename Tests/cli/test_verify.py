"""`palimpsest verify` agrees with numpy, and accepts nothing that was changed."""

import json
import pathlib

import numpy as np
import pytest
from PIL import Image
from pictures import report_of

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "e2e/fixtures"
PHOTO = FIXTURES / "parrots.jpg"


@pytest.fixture
def protected(palimpsest, tmp_path):
    assert (
        palimpsest("protect", PHOTO, "--class", "birds", "--out", tmp_path / "out").returncode == 0
    )
    return tmp_path / "out/birds/parrots.png"


def changed(path, out, change):
    """Writes the picture with its samples changed."""
    samples = np.array(Image.open(path))
    change(samples)
    Image.fromarray(samples).save(out)
    return out


def test_a_protected_picture_is_verified_with_its_report(palimpsest, protected):
    result = palimpsest("verify", PHOTO, protected, "--manifest", report_of(protected))
    assert result.returncode == 0, result
    lines = dict(line.split("  ", 1) for line in result.stdout.splitlines()[:-1])
    difference = np.array(Image.open(PHOTO)).astype(int) - np.array(Image.open(protected))
    assert lines["largest change"].strip() == f"{np.abs(difference).max()} levels, the bound is 8"
    psnr = 10 * np.log10(255**2 / np.mean(difference**2.0))
    assert abs(float(lines["PSNR"].split()[0]) - psnr) < 0.006
    assert result.stdout.endswith("\nverified\n")


def test_without_a_report_the_bound_is_asked_for(palimpsest, protected):
    assert palimpsest("verify", PHOTO, protected).returncode == 0
    result = palimpsest("verify", PHOTO, protected, "--strength", "3")
    assert (
        result.returncode == 1
        and "largest change" in result.stdout
        and result.stdout.endswith("\nNOT verified\n")
    )


def test_one_sample_beyond_the_bound_is_found(palimpsest, protected, tmp_path):
    original = np.array(Image.open(PHOTO))

    def one_too_far(samples):
        y, x = np.argwhere((original < 200).all(axis=2))[12345]
        samples[y, x, 1] = original[y, x, 1] + 9

    picture = changed(protected, tmp_path / "picture.png", one_too_far)
    result = palimpsest("verify", PHOTO, picture)
    assert result.returncode == 1 and "9 levels, the bound is 8  <--" in result.stdout, result
    # Not in the report either.
    result = palimpsest("verify", PHOTO, picture, "--manifest", report_of(protected))
    assert result.returncode == 1 and "not in the manifest" in result.stdout, result


def test_the_original_itself_another_picture_and_another_size_are_not_verified(
    palimpsest, protected, tmp_path
):
    Image.open(PHOTO).save(tmp_path / "same.png")
    result = palimpsest("verify", PHOTO, tmp_path / "same.png")
    assert result.returncode == 1 and "this is the original" in result.stdout
    result = palimpsest(
        "verify", FIXTURES / "plane.jpg", protected, "--manifest", report_of(protected)
    )
    assert result.returncode == 1 and "not that of the manifest" in result.stdout
    Image.open(protected).resize((100, 80)).save(tmp_path / "small.png")
    result = palimpsest("verify", PHOTO, tmp_path / "small.png")
    assert result.returncode == 1 and "100 x 80" in result.stdout


def test_a_changed_figure_of_the_report_is_found(palimpsest, protected, tmp_path):
    report = json.loads(report_of(protected).read_text())
    for key, value in {"psnr": report["psnr"] + 1, "ssim": 0.5, "linf": 3, "bound": 1}.items():
        (tmp_path / "report.json").write_text(json.dumps({**report, key: value}))
        result = palimpsest("verify", PHOTO, protected, "--manifest", tmp_path / "report.json")
        assert result.returncode == 1, (key, result)


def test_transparency_is_looked_at(palimpsest, tmp_path):
    samples = np.array(Image.open(PHOTO).convert("RGBA"))
    samples[:50, :, 3] = 0
    Image.fromarray(samples).save(tmp_path / "a.png")
    assert (
        palimpsest(
            "protect", tmp_path / "a.png", "--class", "c", "--out", tmp_path / "out"
        ).returncode
        == 0
    )
    made = tmp_path / "out/c/a.png"
    assert palimpsest("verify", tmp_path / "a.png", made).returncode == 0

    def unseen(samples):
        samples[3, 3, 0] ^= 1

    def seen(samples):
        samples[60, 3, 3] = 254

    for change in (unseen, seen):
        result = palimpsest("verify", tmp_path / "a.png", changed(made, tmp_path / "b.png", change))
        assert (
            result.returncode == 1
            and "transparency" in result.stdout
            and "changed  <--" in result.stdout
        )


def test_what_cannot_be_read_is_said(palimpsest, protected, tmp_path):
    (tmp_path / "no.png").write_bytes(b"no picture")
    result = palimpsest("verify", PHOTO, tmp_path / "no.png")
    assert result.returncode == 1 and "cannot be decoded" in result.stdout
    result = palimpsest("verify", PHOTO, tmp_path / "none.png")
    assert result.returncode == 2 and "none.png" in result.stderr
    result = palimpsest("verify", PHOTO, protected, "--manifest", PHOTO)
    assert result.returncode == 2 and "neither an archive's manifest nor" in result.stderr
    assert palimpsest("verify", PHOTO, protected, "--key", PHOTO).returncode == 2
    Image.new("L", (20_000, 10_000)).save(tmp_path / "large.png")
    result = palimpsest("verify", tmp_path / "large.png", tmp_path / "large.png")
    assert result.returncode == 1 and "110000000 are allowed (--max-pixels" in result.stdout, result


def test_a_damaged_file_among_the_manifests_hides_no_other(palimpsest, protected, tmp_path):
    folder = tmp_path / "manifests"
    folder.mkdir()
    (folder / "a.json").write_text("{damaged")
    result = palimpsest("verify", PHOTO, protected, "--manifest", folder)
    assert result.returncode == 2 and "a.json" in result.stderr, result
    (folder / "b.json").write_bytes(report_of(protected).read_bytes())
    result = palimpsest("verify", PHOTO, protected, "--manifest", folder)
    assert result.returncode == 0 and result.stdout.endswith("\nverified\n"), result
