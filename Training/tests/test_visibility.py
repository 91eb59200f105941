"""The visibility metrics, against published values and known cases, and the command `make look`."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from evaluate import visibility
from evaluate.visibility import __main__ as command
from evaluate.visibility import (
    before_after, colour, metrics, pictures, scielab, sheet, summary, texture,
)  # fmt: skip
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / ".build/release/palimpsest"
WEIGHTS = ROOT / "Sources/DeepHiding/Resources/deep-hiding.safetensors"


@pytest.fixture(scope="module")
def photo():
    """uint8 (256, 320, 3): a smooth sky over a busy ground."""
    rng = np.random.default_rng(0)
    rows = np.linspace(0, 1, 256)[:, None, None]
    pixels = np.array([120, 160, 210]) * (1 - 0.4 * rows) + np.zeros((256, 320, 3))
    pixels[160:] = 90 + 30 * rng.standard_normal((96, 320, 3))
    return np.clip(pixels, 0, 255).astype(np.uint8)


def stripes(pixels, amplitude):
    """An image under a wave of 12 pixels in all channels."""
    wave = np.rint(amplitude * np.sin(2 * np.pi * np.arange(pixels.shape[1]) / 12))
    return np.clip(pixels + wave[None, :, None], 0, 255).astype(np.uint8)


# Sharma, Wu and Dalal 2005, table 1: pairs that expose common mistakes with hue, rotation and gray.
@pytest.mark.parametrize(
    "first, second, expected",
    [
        ((50, 2.6772, -79.7751), (50, 0, -82.7485), 2.0425),
        ((50, 3.1571, -77.2803), (50, 0, -82.7485), 2.8615),
        ((50, -1.3802, -84.2814), (50, 0, -82.7485), 1.0000),
        ((50, 0, 0), (50, -1, 2), 2.3669),
        ((50, 2.49, -0.001), (50, -2.49, 0.0009), 7.1792),
        ((50, 2.49, -0.001), (50, -2.49, 0.0011), 7.2195),
        ((50, -0.001, 2.49), (50, 0.0011, -2.49), 4.7461),
        ((50, 2.5, 0), (50, 0, -2.5), 4.3065),
        ((50, 2.5, 0), (73, 25, -18), 27.1492),
        ((50, 2.5, 0), (56, -27, -3), 31.9030),
        ((60.2574, -34.0099, 36.2677), (60.4626, -34.1751, 39.4387), 1.2644),
        ((22.7233, 20.0904, -46.6940), (23.0331, 14.9730, -42.5619), 2.0373),
        ((90.8027, -2.0831, 1.4410), (91.1528, -1.6435, 0.0447), 1.4441),
        ((2.0776, 0.0795, -1.1350), (0.9033, -0.0636, -0.5514), 0.9082),
    ],
)
def test_the_colour_difference_is_the_published_one(first, second, expected):
    first, second = np.array(first, float), np.array(second, float)
    found = [float(colour.ciede2000(*pair)) for pair in ((first, second), (second, first))]
    assert found == pytest.approx([expected, expected], abs=1e-4)


def test_colours_of_srgb_are_those_of_the_standard():
    found = colour.lab(
        colour.xyz(np.array([[255, 255, 255], [0, 0, 0], [255, 0, 0], [0, 0, 255]], np.uint8))
    )
    assert np.allclose(
        found, [[100, 0, 0], [0, 0, 0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86]], atol=0.02
    )


def test_the_eyes_filters_keep_flat_colours_and_blur_the_more_the_less_luminance():
    filters = scielab.kernels(60)
    assert [f.shape for f in filters] == [(61, 61)] * 3
    assert [float(f.sum()) for f in filters] == pytest.approx([1, 1, 1], abs=1e-5)
    flat = np.full((70, 80, 3), (135, 170, 210), np.uint8)
    assert np.allclose(scielab.seen(flat), colour.xyz(flat), atol=1e-4)
    # What remains of gratings of 5 and 8 cycles per degree: the Gaussians' Fourier transforms, by
    # hand.
    for cycles, left in ((5, [0.83, 0.42, 0.28]), (8, [0.61, 0.23, 0.09])):
        grating = np.cos(2 * np.pi * cycles * np.arange(-30, 31) / 60)
        assert [float((f * grating).sum()) for f in filters] == pytest.approx(left, abs=0.02)


def test_s_cielab_is_nought_for_equal_pictures_and_the_plain_difference_for_flat_ones(photo):
    assert scielab.difference(photo, photo).max() == 0
    first, second = (np.full((64, 64, 3), level, np.uint8) for level in (128, 132))
    # Four levels of gray at 128 are a ΔE00 of 1.5.
    assert np.allclose(scielab.difference(first, second), 1.5, atol=0.05)
    # Fine stripes are blurred away, coarse ones are seen.
    fine, coarse = (
        np.where(np.arange(120) // width % 2, 120, 136).astype(np.uint8) for width in (1, 20)
    )
    gray = np.full((60, 120, 3), 128, np.uint8)
    striped = [np.broadcast_to(line[None, :, None], gray.shape) for line in (fine, coarse)]
    seen = [scielab.difference(gray, picture).mean() for picture in striped]
    assert seen[0] < 1 < 2.5 < seen[1]


def test_every_measure_says_that_equal_pictures_are_equal_and_more_is_worse(photo):
    same = {**metrics.quick(photo, photo), **metrics.slow(photo, photo)}
    assert (
        same["ssimulacra2"] == pytest.approx(100)
        and same["psnr"] is None
        and same["ssim"] == pytest.approx(1)
    )
    differences = ("butteraugli_max", "butteraugli_3", "flip", "s_cielab_95", "s_cielab_99.5")
    assert [same[name] for name in differences] == [0] * 5
    changed = (stripes(photo, amplitude) for amplitude in (2, 8))
    little, much = ({**metrics.quick(photo, c), **metrics.slow(photo, c)} for c in changed)
    for name, _, _, more_is_better in summary.MEASURES:
        assert (little[name] > much[name]) == more_is_better and little[name] != same[name], name
    assert much["ssimulacra2"] < 40 and much["butteraugli_max"] > 2
    assert (
        max(little["largest_delta_by_texture"]) == 2 and max(much["largest_delta_by_texture"]) == 8
    )


def test_pictures_that_cannot_be_compared_are_refused_with_what_to_do(photo, monkeypatch):
    with pytest.raises(metrics.MetricError, match=r"one size.*\(256, 320, 3\).*\(256, 319, 3\)"):
        metrics.quick(photo, photo[:, 1:])
    with pytest.raises(
        metrics.MetricError, match="needs pictures of 256 pixels a side, not 320x100: enlarge"
    ):
        metrics.ssimulacra2(photo[:100], photo[:100])
    monkeypatch.setattr(metrics, "BUTTERAUGLI", "no-such-butteraugli")
    with pytest.raises(metrics.MetricError, match="install Debian's libjxl-devtools"):
        metrics.butteraugli(photo, photo)


def test_change_is_told_apart_by_texture(photo):
    busy, flat = photo.copy(), photo.copy()
    busy[200:220, 100:120, 1] ^= 4
    flat[20:30, 100:120, 2] ^= 1
    # The ground is more than a quarter of the image.
    largest, rms = texture.by_quartile(photo, busy)
    assert largest[:2] == rms[:2] == [0, 0] and largest[3] == 4
    largest, rms = texture.by_quartile(photo, flat)
    assert max(largest[:2]) == 1 and largest[3] == 0 and rms[3] == 0
    # Where everything is flat, the quarters have equal numbers of pixels.
    gray = np.full((32, 32, 3), 9, np.uint8)
    assert texture.by_quartile(gray, gray + np.uint8(3)) == ([3, 3, 3, 3], [3, 3, 3, 3])


def test_sets_of_small_pictures_are_judged_enlarged():
    rng = np.random.default_rng(1)
    coarse = rng.integers(60, 200, (12, 8, 8, 3), dtype=np.uint8)
    small = coarse.repeat(4, 1).repeat(4, 2)
    noisy = np.clip(small + rng.integers(-8, 9, small.shape), 0, 255).astype(np.uint8)
    released = np.concatenate([small[:11], noisy[11:]])
    assert visibility.ssimulacra2_of_set(small, small, count=2) == pytest.approx((100, 100))
    # Evenly spread, including the first and the last: only the last one differs.
    median, tail = visibility.ssimulacra2_of_set(small, released, count=2)
    worst = 2 * median - 100
    assert worst < 90 and tail == pytest.approx(worst + 0.1 * (100 - worst))


def test_enlarged_photos_have_grain_and_the_same_one_every_time(photo):
    gray = Image.fromarray(np.full((96, 100, 3), 128, np.uint8))
    first, again, other = (pictures.enlarged(gray, digest * 32) for digest in ("0a", "0a", "0b"))
    assert first.shape == (1536, 1600, 3) and (first == again).all() and (first != other).any()
    grain = first.astype(float) - 128
    assert grain.std() == pytest.approx(np.hypot(1.8, 0.9), rel=0.02)
    assert np.corrcoef(grain[..., 0].ravel(), grain[..., 2].ravel())[0, 1] == pytest.approx(
        0.8, abs=0.02
    )


def test_jpegs_are_no_mild_ruler_for_photos_that_came_as_jpegs(tmp_path, photo):
    Image.fromarray(photo).save(tmp_path / "a.jpg", quality=75)
    came = np.asarray(Image.open(tmp_path / "a.jpg"))
    again = pictures.as_jpeg(came, 75)
    Image.fromarray(came).save(tmp_path / "b.jpg", quality=75)
    on_its_own_grid = np.asarray(Image.open(tmp_path / "b.jpg"))
    errors = [np.abs(image.astype(int) - came).mean() for image in (again, on_its_own_grid)]
    assert again.shape == came.shape and errors[0] > 2 * errors[1]


def test_the_list_names_fifty_photos_of_which_kodaks_are_free():
    names = pictures.listed()
    assert len(names) == 50 and sum(name.startswith("kodak24/") for name in names) == 24
    assert all(
        free == name.startswith(("kodak24/", "mate_nature/")) for name, free in names.items()
    )


def test_photos_are_those_of_the_list_or_all_of_ones_own(tmp_path, photo):
    for name in ("b.png", "deeper/a.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(photo).save(tmp_path / name)
    (tmp_path / "notes.txt").write_text("no photo")
    own = pictures.load(tmp_path)
    assert [(p.name, p.free) for p in own] == [("b.png", True), ("deeper/a.jpg", True)]
    assert (own[0].pixels("as it is") == photo).all()
    assert (
        [(p.name, p.free) for p in pictures.load(tmp_path, {"deeper/a.jpg": False})]
        == [("deeper/a.jpg", False)]
    )
    with pytest.raises(pictures.PicturesError, match="lacks 1 of the 2 photos.*c.png"):
        pictures.load(tmp_path, {"b.png": True, "c.png": True})
    with pytest.raises(pictures.PicturesError, match="name a folder of photos"):
        pictures.load(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(pictures.PicturesError, match="holds no photo"):
        pictures.load(tmp_path / "empty")


def made_up(row, scores, size="as it is"):
    return [
        {
            "row": row, "photo": f"{i}.png", "size": size, "ssimulacra2": score, "psnr": 30.0 + i,
            "ssim": 0.9,
            "flip": 0.1 * i, "largest_delta_by_texture": [i, 1, 2, 3],
            "rms_delta_by_texture": [0.5, 1, 1, i],
        }
        for i, score in enumerate(scores)
    ]  # fmt: skip


def test_the_summary_takes_the_bad_end_of_every_measure_and_names_the_worst_photo():
    cell = summary.summarize(made_up("a", [70, 90, 50, 80, 60]))["as it is", "a"]
    assert cell["ssimulacra2"] == {
        "median": 70, "tail": pytest.approx(54), "worst": 50, "worst_photo": "2.png"
    }
    assert cell["flip"] == {
        "median": 0.2, "tail": pytest.approx(0.36), "worst": 0.4, "worst_photo": "4.png"
    }
    assert cell["largest_delta_by_texture"] == [4, 1, 2, 3] and cell["rms_delta_by_texture"] == [
        0.5, 1, 1, 2
    ]
    table = summary.tables({("as it is", "a"): cell})[0].splitlines()
    assert table[0].startswith("| photos, each as it is | SSIMULACRA2 | FLIP mean |")
    assert table[2].startswith("| a | 70.0 (54.0, 50.0) | 0.200 (0.360, 0.400) |")
    assert table[2].endswith("| 4 1 2 3 | 2.png |")


@pytest.mark.parametrize(
    "scores, words",
    [
        ([60, 70, 80], ["Reached", "Missed (goal)"]),
        ([30, 75, 80], ["Missed", "Missed (goal)"]),
        ([60, 69, 99], ["Missed", "Missed (goal)"]),
        ([80, 85, 90], ["Reached", "Reached (goal)"]),
        ([75, 99, 99], ["Reached", "Missed (goal)"]),
    ],
)
def test_the_gate_needs_median_and_tail(scores, words):
    cells = summary.summarize(made_up("a", scores) + made_up("JPEG 92", [1, 1, 1]))
    assert [line.split(":")[0] for line in summary.verdict(cells, ["a"])] == words


def test_the_crop_is_where_the_change_is_seen_most(photo):
    changed = photo.copy()
    changed[40:60, 200:220] += 12
    top, left = sheet.worst_place(photo, changed, 64, 48)
    assert top <= 40 and 60 <= top + 48 and left <= 200 and 220 <= left + 64
    assert sheet.worst_place(photo, stripes(photo, 2), 999, 999) == (0, 0)
    shown = sheet.difference(photo, changed)
    assert shown[50, 210].tolist() == [224] * 3 and shown[0, 0].tolist() == [128] * 3
    # A crop is shown at one pixel per pixel.
    parts = before_after.parts(photo, changed, crop=(64, 48))
    assert (parts[:, :64] == photo[top : top + 48, left : left + 64]).all()
    assert sheet.choose([{"ssimulacra2": score} for score in (50, 10, 90, 30, 70)], 3) == [1, 0, 2]


def test_the_command_measures_the_binary_once_and_writes_table_record_and_sheet(
    tmp_path, photo, monkeypatch, capsys
):
    assert BINARY.exists(), f"{BINARY} is missing: run `make build` first"
    own = tmp_path / "own"
    own.mkdir()
    for i in range(2):
        Image.fromarray(np.roll(photo, 31 * i, 1)).save(own / f"{i}.png")
    words = [
        "look", "--photos", own, "--binary", BINARY, "--weights", WEIGHTS, "--out", tmp_path / "out"
    ]
    words += ["--small-only", "--quick", "--processes", "1"]
    words += ["--variant", "strong=--mask none", "--variant", "weak=--mask none --strength 1"]
    monkeypatch.setattr(sys, "argv", list(map(str, words)))
    command.main()
    text = capsys.readouterr().out
    assert (tmp_path / "out/look.md").read_text() == text[:-1]
    assert [line.split(" | ")[0] for line in text.splitlines()[2:7]] == [
        "| strong", "| weak", "| JPEG 92", "| JPEG 75", "| JPEG 50",
    ]  # fmt: skip
    document = json.loads((tmp_path / "out/look.json").read_text())
    cells = {cell["row"]: cell for cell in document["summary"]}
    assert (
        max(cells["strong"]["largest_delta_by_texture"]) == 8
        and max(cells["weak"]["largest_delta_by_texture"]) == 1
    )
    assert cells["strong"]["ssimulacra2"]["worst"] < 70 < cells["weak"]["ssimulacra2"]["median"]
    assert cells["weak"]["photos"] == 2
    with Image.open(tmp_path / "out/sheet.jpg") as image:
        assert image.width == 3 * sheet.PHOTO[0] + 2 * sheet.CROP + 4 * sheet.GAP

    # Known results are read from the records; another setting is measured anew.
    def refused(original, changed):
        raise AssertionError("measured again")

    refused.__name__ = "quick"
    monkeypatch.setattr(metrics, "quick", refused)
    command.main()
    assert capsys.readouterr().out == text
    monkeypatch.setattr(sys, "argv", [*map(str, words), "--variant", "new=--strength 2"])
    with pytest.raises(AssertionError, match="measured again"):
        command.main()


@pytest.mark.parametrize(
    "words, said",
    [
        (["--variant", "half"], "'half' is not a new NAME=OPTIONS"),
        (["--variant", "a=", "--variant", "a=--strength 4"], "'a=--strength 4' is not a new"),
        (["--variant", "a=", "--options=--strength 4"], "either --options or --variant"),
        (["--only", "zebra"], "no photo's name contains 'zebra'"),
        (["--options=--strength 99"], "ended with"),
    ],
)
def test_what_cannot_be_measured_is_refused(tmp_path, photo, monkeypatch, words, said):
    Image.fromarray(photo).save(tmp_path / "a.png")
    given = [
        "--photos", tmp_path, "--binary", BINARY, "--weights", WEIGHTS, "--out", tmp_path / "out"
    ]
    monkeypatch.setattr(sys, "argv", ["look", *map(str, given), "--small-only", "--quick", *words])
    with pytest.raises(SystemExit, match=said):
        command.main()
