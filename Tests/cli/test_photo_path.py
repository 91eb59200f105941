"""Large photos from file to file: their memory, and what does not change the result."""

import subprocess

import numpy
import pytest
from PIL import Image

# What the process takes whatever the photo.
CONSTANT = 48 << 20
WIDTH, HEIGHT = 5000, 4000


@pytest.fixture(scope="module")
def large():
    """Twenty megapixels with grain."""
    random = numpy.random.default_rng(0)
    ramp = numpy.linspace(40, 200, WIDTH, dtype=numpy.float32) + numpy.linspace(-30, 30, HEIGHT, dtype=numpy.float32)[:, None]
    grain = random.standard_normal((HEIGHT, WIDTH), numpy.float32) * 4
    gray = numpy.clip(ramp + grain, 0, 255).astype(numpy.uint8)
    return Image.fromarray(numpy.stack([gray, gray[:, ::-1], 255 - gray], 2))


def peak_memory(command, environment):
    """Bytes of the largest process; `time` is small itself, and what it starts begins as large as it."""
    result = subprocess.run(
        ["/usr/bin/time", "-f", "%M", *map(str, command)], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    return int(result.stderr) * 1024


@pytest.mark.parametrize(
    ("options", "orientation", "bytes_a_pixel"),
    [
        ({}, 1, 8),
        ({}, 3, 8),
        ({"subsampling": 0}, 1, 8),
        ({}, 6, 12),
        ({"progressive": True, "subsampling": 0}, 6, 12),
    ],
    ids=["baseline", "turned by half", "baseline 4:4:4", "turned by a quarter", "progressive 4:4:4"],
)
def test_memory_is_bounded_by_the_pixels(binary, environment, tmp_path, large, options, orientation, bytes_a_pixel):
    exif = Image.Exif()
    exif[0x0112] = orientation
    large.save(tmp_path / "photo.jpg", quality=88, exif=exif, **options)
    command = [binary, "protect", tmp_path / "photo.jpg", "--class", "c", "--out", tmp_path / "out", "--quiet", "--jobs", "1"]
    assert peak_memory(command, environment) <= CONSTANT + bytes_a_pixel * WIDTH * HEIGHT


@pytest.mark.parametrize(
    ("name", "options", "bytes_a_pixel"),
    [("photo.png", {}, 20), ("photo.webp", {"lossless": True, "quality": 0, "method": 0}, 12)],
)
def test_memory_is_bounded_for_other_kinds(binary, environment, tmp_path, large, name, options, bytes_a_pixel):
    """16 bits with alpha, and WebP with alpha, both turned by a quarter."""
    photo = large.crop((0, 0, 3000, 2000))
    photo.putalpha(photo.getchannel(0))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(tmp_path / name, exif=exif, **options)
    if name.endswith("png"):
        wide = tmp_path / "wide.png"
        subprocess.run(["convert", tmp_path / name, "-auto-orient", "-evaluate", "multiply", "0.99", f"PNG64:{wide}"], check=True)
        subprocess.run(["exiftool", "-q", "-q", "-overwrite_original", "-EXIF:Orientation#=6", wide], check=True)
        wide.replace(tmp_path / name)
    command = [binary, "protect", tmp_path / name, "--class", "c", "--out", tmp_path / "out", "--quiet", "--jobs", "1"]
    assert peak_memory(command, environment) <= CONSTANT + bytes_a_pixel * 3000 * 2000


def test_level_and_kernel_change_the_file_and_not_the_picture(palimpsest, tmp_path, large):
    large.crop((0, 0, 700, 500)).save(tmp_path / "photo.png")
    results = {}
    for name, options, variables in (
        ("standard", [], {}),
        ("again, two at once", ["--jobs", "2"], {}),
        ("smallest", ["--compression-level", "12"], {}),
        ("stored", ["--compression-level", "0"], {}),
        ("portable", [], {"PALIMPSEST_ISA": "portable"}),
    ):
        out = tmp_path / name
        result = palimpsest(
            "protect", tmp_path / "photo.png", "--class", "c", "--seed", "5", "--out", out, *options, variables=variables
        )
        assert result.returncode == 0, result.stderr
        results[name] = (out / "c/photo.png").read_bytes(), numpy.asarray(Image.open(out / "c/photo.png")).astype(int)
    file, picture = results["standard"]
    assert results["again, two at once"][0] == file
    assert (results["smallest"][1] == picture).all() and (results["stored"][1] == picture).all()
    assert len(results["smallest"][0]) < len(file) < len(results["stored"][0])
    # Another family of instruction sets may round a few samples to the next level.
    apart = abs(results["portable"][1] - picture)
    assert apart.max() <= 1 and (apart > 0).mean() < 1e-3


@pytest.mark.parametrize("level", ["-1", "13", "much"])
def test_a_level_that_does_not_exist_is_wrong_usage(palimpsest, tmp_path, level):
    result = palimpsest("protect", tmp_path, "--class", "c", "--out", tmp_path / "out", f"--compression-level={level}")
    assert result.returncode == 2 and "compression-level" in result.stderr
    assert not (tmp_path / "out").exists()
