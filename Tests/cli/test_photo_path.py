"""Large photos from file to file: memory use, and what must not change the result."""

import pathlib
import struct
import subprocess
import sys

import numpy
import pytest
from PIL import Image

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "ImagingTests/Fixtures"
sys.path.append(str(FIXTURES))
from make_grid_fixtures import box, full_box  # noqa: E402
from make_phone_fixture import tiles  # noqa: E402

# What the process uses regardless of the photo.
CONSTANT = 48 << 20
WIDTH, HEIGHT = 5000, 4000


@pytest.fixture(scope="module")
def large():
    """Twenty megapixels with grain."""
    random = numpy.random.default_rng(0)
    ramp = (
        numpy.linspace(40, 200, WIDTH, dtype=numpy.float32)
        + numpy.linspace(-30, 30, HEIGHT, dtype=numpy.float32)[:, None]
    )
    grain = random.standard_normal((HEIGHT, WIDTH), numpy.float32) * 4
    gray = numpy.clip(ramp + grain, 0, 255).astype(numpy.uint8)
    return Image.fromarray(numpy.stack([gray, gray[:, ::-1], 255 - gray], 2))


def peak_memory(command, environment):
    """Peak bytes of the largest process, measured by `time`.

    `time` itself is small, and its child starts at the size of `time`.
    """
    result = subprocess.run(
        ["/usr/bin/time", "-f", "%M", *map(str, command)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
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
    ids=[
        "baseline", "turned by half", "baseline 4:4:4", "turned by a quarter", "progressive 4:4:4"
    ],
)
def test_memory_is_bounded_by_the_pixels(
    binary, environment, tmp_path, large, options, orientation, bytes_a_pixel
):
    exif = Image.Exif()
    exif[0x0112] = orientation
    large.save(tmp_path / "photo.jpg", quality=88, exif=exif, **options)
    command = [
        binary, "protect", tmp_path / "photo.jpg", "--class", "c", "--out", tmp_path / "out",
        "--quiet", "--jobs", "1",
    ]  # fmt: skip
    assert peak_memory(command, environment) <= CONSTANT + bytes_a_pixel * WIDTH * HEIGHT


@pytest.mark.parametrize(
    ("name", "options", "bytes_a_pixel"),
    [("photo.png", {}, 20), ("photo.webp", {"lossless": True, "quality": 0, "method": 0}, 12)],
)
def test_memory_is_bounded_for_other_kinds(
    binary, environment, tmp_path, large, name, options, bytes_a_pixel
):
    """16 bits with alpha, and WebP with alpha, both rotated by a quarter turn."""
    photo = large.crop((0, 0, 3000, 2000))
    photo.putalpha(photo.getchannel(0))
    exif = Image.Exif()
    exif[0x0112] = 6
    photo.save(tmp_path / name, exif=exif, **options)
    if name.endswith("png"):
        wide = tmp_path / "wide.png"
        subprocess.run(
            [
                "convert",
                tmp_path / name,
                "-auto-orient",
                "-evaluate",
                "multiply",
                "0.99",
                f"PNG64:{wide}",
            ],
            check=True,
        )
        subprocess.run(
            ["exiftool", "-q", "-q", "-overwrite_original", "-EXIF:Orientation#=6", wide],
            check=True,
        )
        wide.replace(tmp_path / name)
    command = [
        binary, "protect", tmp_path / name, "--class", "c", "--out", tmp_path / "out", "--quiet",
        "--jobs", "1",
    ]  # fmt: skip
    assert peak_memory(command, environment) <= CONSTANT + bytes_a_pixel * 3000 * 2000


def tiled_heic(path, columns, rows):
    """A HEIC of many tiles that repeat the streams of grid.heic."""
    streams, configuration = tiles((FIXTURES / "grid.heic").read_bytes())
    count, (width, height) = columns * rows, (64 * columns, 64 * rows)
    canvas = struct.pack(">BBBBHH", 0, 0, rows - 1, columns - 1, width, height)
    properties = [
        box("hvcC", configuration),
        full_box("ispe", 0, struct.pack(">II", 64, 64)),
        full_box("ispe", 0, struct.pack(">II", width, height)),
        full_box("pixi", 0, b"\3\x08\x08\x08"),
    ]
    entries = [
        full_box("infe", 2, struct.pack(">HH", item, 0), b"hvc1\0", flags=1)
        for item in range(1, count + 1)
    ]
    entries.append(full_box("infe", 2, struct.pack(">HH", count + 1, 0), b"grid\0"))
    associations = [struct.pack(">HB", item, 3) + b"\x81\x02\x04" for item in range(1, count + 1)]
    associations.append(struct.pack(">HB", count + 1, 2) + b"\x03\x04")

    def head(start):
        offsets = [
            start + sum(len(stream) for stream in streams[:number])
            for number in range(len(streams))
        ]
        places = [
            struct.pack(
                ">HHHHII",
                item + 1,
                0,
                0,
                1,
                offsets[item % len(streams)],
                len(streams[item % len(streams)]),
            )
            for item in range(count)
        ]
        places.append(struct.pack(">HHHHII", count + 1, 1, 0, 1, 0, len(canvas)))
        return box("ftyp", b"heic", bytes(4), b"mif1heic") + full_box(
            "meta",
            0,
            full_box("hdlr", 0, bytes(4), b"pict", bytes(12), b"\0"),
            full_box("pitm", 0, struct.pack(">H", count + 1)),
            full_box("iloc", 1, struct.pack(">HH", 0x4400, count + 1), *places),
            full_box("iinf", 0, struct.pack(">H", count + 1), *entries),
            full_box(
                "iref",
                0,
                box(
                    "dimg",
                    struct.pack(">HH", count + 1, count),
                    *[struct.pack(">H", t + 1) for t in range(count)],
                ),
            ),
            box(
                "iprp",
                box("ipco", *properties),
                full_box("ipma", 0, struct.pack(">I", count + 1), *associations),
            ),
            box("idat", canvas),
        )

    path.write_bytes(head(len(head(0)) + 8) + box("mdat", *streams))


def test_memory_is_bounded_for_tiles(binary, environment, tmp_path):
    """Streams shared by many tiles are neither copied nor kept per tile."""
    tiled_heic(tmp_path / "photo.heic", 48, 40)
    command = [
        binary, "protect", tmp_path / "photo.heic", "--class", "c", "--out", tmp_path / "out",
        "--quiet", "--jobs", "1",
    ]  # fmt: skip
    assert peak_memory(command, environment) <= CONSTANT + 12 * 48 * 40 * 64 * 64
    with Image.open(tmp_path / "out/c/photo.png") as picture:
        assert picture.size == (48 * 64, 40 * 64)


@pytest.mark.parametrize(("width", "height"), [(8160, 6144), (8192, 6144), (12032, 9024)])
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_what_the_largest_phones_write_is_protected(palimpsest, tmp_path, width, height):
    """Slightly over 50 and slightly over 108 megapixels; gray, which is faster."""
    Image.linear_gradient("L").resize((width, height)).save(tmp_path / "photo.jpg", quality=80)
    result = palimpsest(
        "protect", tmp_path / "photo.jpg", "--class", "c", "--out", tmp_path / "out",
        "--compression-level", "0",
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    with Image.open(tmp_path / "out/c/photo.png") as picture:
        assert picture.size == (width, height) and picture.mode == "L"


def test_every_command_says_which_option_allows_more_pixels_and_takes_it(palimpsest, tmp_path):
    photo, out = tmp_path / "photo.png", tmp_path / "out"
    Image.effect_noise((101, 100), 40).save(photo)
    protect = ["protect", photo, "--class", "c", "--out", out]
    words = (
        "10100 pixels; 10099 are allowed (--max-pixels; for a service also PALIMPSEST_MAX_PIXELS)"
    )
    result = palimpsest(*protect, "--max-pixels", "10099")
    assert (
        result.returncode == 1 and "image_too_large" in result.stderr and words in result.stderr
    ), result
    assert palimpsest(*protect, "--max-pixels", "10100").returncode == 0
    verify = ["verify", photo, out / "c/photo.png"]
    result = palimpsest(*verify, "--max-pixels", "10099")
    assert result.returncode == 1 and words in result.stdout, result
    assert palimpsest(*verify, "--max-pixels", "10100").returncode == 0
    for command in (
        protect,
        verify,
        ["recover", photo, photo, "-o", out, "--key-file", photo],
        ["unlock", tmp_path, "--out", out, "--key-file", photo],
        ["classes", "import", tmp_path],
    ):
        for number in ("999", "250000001", "many"):
            result = palimpsest(*command, "--max-pixels", number)
            assert result.returncode == 2 and "max-pixels" in result.stderr, (command, result)


def test_level_and_kernel_change_the_file_and_not_the_picture(palimpsest, tmp_path, large):
    # Large enough for several threads.
    large.crop((0, 0, 1001, 701)).save(tmp_path / "photo.png")
    results = {}
    for name, options, variables in (
        ("standard", [], {}),
        ("again, one thread", ["--jobs", "1"], {}),
        ("again, two threads", ["--jobs", "2"], {}),
        ("smallest", ["--compression-level", "12"], {}),
        ("stored", ["--compression-level", "0"], {}),
        ("portable", [], {"PALIMPSEST_ISA": "portable"}),
    ):
        out = tmp_path / name
        result = palimpsest(
            "protect", tmp_path / "photo.png", "--class", "c", "--seed", "5", "--out", out,
            *options, variables=variables,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
        results[name] = (
            (out / "c/photo.png").read_bytes(),
            numpy.asarray(Image.open(out / "c/photo.png")).astype(int)
        )
    file, picture = results["standard"]
    assert results["again, one thread"][0] == file
    assert results["again, two threads"][0] == file
    assert (results["smallest"][1] == picture).all() and (results["stored"][1] == picture).all()
    assert len(results["smallest"][0]) < len(file) < len(results["stored"][0])
    # Another family of instruction sets may round a few samples to the adjacent level.
    apart = abs(results["portable"][1] - picture)
    assert apart.max() <= 1 and (apart > 0).mean() < 1e-3


@pytest.mark.parametrize("level", ["-1", "13", "much"])
def test_a_level_that_does_not_exist_is_wrong_usage(palimpsest, tmp_path, level):
    result = palimpsest(
        "protect", tmp_path, "--class", "c", "--out", tmp_path / "out",
        f"--compression-level={level}",
    )  # fmt: skip
    assert result.returncode == 2 and "compression-level" in result.stderr
    assert not (tmp_path / "out").exists()
