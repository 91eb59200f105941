"""`palimpsest protect --semantic-images`: the user's own pictures instead of generated ones."""

import hashlib
import io
import json
import os
import pathlib
import sys

import numpy
import pytest
from PIL import Image, ImageOps
from pictures import report_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
PHOTOS = ROOT / "Tests/e2e/fixtures"
# Of these weights the hidden picture can be read back.
WAVES = ROOT / "Tests/e2e/fixtures/waves-2026-11-21.safetensors"


def samples(side, seed):
    return numpy.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=numpy.uint8)


def picture(path, seed, side=48):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(samples(side, seed)).save(path)
    return path


def crop(name, left, top, side=64):
    return Image.open(PHOTOS / name).convert("RGB").crop((left, top, left + side, top + side))


def strokes(angle, wavelength, side=64):
    y, x = numpy.mgrid[0:side, 0:side]
    wave = numpy.sin(2 * numpy.pi / wavelength * (x * numpy.cos(angle) + y * numpy.sin(angle)))
    return Image.fromarray((127.5 + 100 * wave).round().astype(numpy.uint8)).convert("RGB")


def pixels(path):
    return numpy.asarray(Image.open(path).convert("RGB")).astype(int)


def pixel_hash(path):
    return hashlib.sha256(Image.open(path).convert("RGB").tobytes()).hexdigest()


def report(out, name):
    return json.loads(report_of(out / f"{name}.png").read_text())


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def expected_place(photo, count):
    """The index of the picture that a photo gets sample-wise, from the documented derivation."""
    digest = hashlib.sha256(photo.read_bytes()).digest()
    seed = hashlib.sha256(b"palimpsest sample texture" + bytes(8) + digest).digest()[:8]
    return int.from_bytes(seed, "little") % count


@pytest.fixture
def own(tmp_path):
    """Three pictures for `cat`, one for `dog`, and other files that are skipped."""
    folder = tmp_path / "own"
    # In byte order "10" sorts before "9", and capitals before lower case.
    for seed, name in [
        (50, "cat/9.png"), (51, "cat/10.png"), (52, "cat/B.png"), (53, "dog/only.png")
    ]:
        picture(folder / name, seed)
    (folder / "cat/.hidden.png").write_bytes(b"no picture")
    (folder / ".hidden").mkdir()
    (folder / "semantic-images.json").write_text("{}")
    picture(folder / "cat-edges.png", 54)
    return folder


def test_class_wise_the_first_picture_by_name_is_hidden_in_every_photo_of_its_class(
    palimpsest, own, tmp_path
):
    for index, name in enumerate(["cat/1.png", "cat/2.png", "dog/3.png", "bird/4.png"]):
        picture(tmp_path / "in" / name, index)
    out, generated = tmp_path / "out", tmp_path / "generated"
    class_wise = ["--mode", "class-wise", "--seed", 3]
    result = palimpsest(
        "protect", tmp_path / "in", "--out", out, *class_wise, "--semantic-images", own
    )
    assert result.returncode == 0, result.stderr
    remark = f"generated the semantic image of 1 class without a folder in {own}: bird"
    assert remark in result.stderr.splitlines()
    assert palimpsest("protect", tmp_path / "in", "--out", generated, *class_wise).returncode == 0
    assert not (out / ".palimpsest-partial").exists()
    hashes = {
        name: report(out, name)["semantic_image_sha256"]
        for name in ("cat/1", "cat/2", "dog/3", "bird/4")
    }
    assert hashes["cat/1"] == hashes["cat/2"] == pixel_hash(own / "cat/10.png")
    assert hashes["dog/3"] == pixel_hash(own / "dog/only.png")
    assert hashes["bird/4"] == report(generated, "bird/4")["semantic_image_sha256"]
    for name in ("cat/1", "cat/2", "dog/3"):
        before, after, other = (
            pixels(folder / f"{name}.png") for folder in (tmp_path / "in", out, generated)
        )
        assert 0 < abs(after - before).max() <= 8
        assert abs(after - other).max() > 1
        assert (
            report(out, name)["semantic_image_sha256"]
            != report(generated, name)["semantic_image_sha256"]
        )
    assert (out / "bird/4.png").read_bytes() == (generated / "bird/4.png").read_bytes()


def test_two_folders_of_one_class_in_two_spellings_are_refused(palimpsest, tmp_path):
    for seed, name in enumerate(("M\u00fcller", "Mu\u0308ller")):
        picture(tmp_path / "own" / name / "1.png", seed)
    picture(tmp_path / "in/Mu\u0308ller/2.png", 9)
    out = tmp_path / "out"
    call = [
        "protect", tmp_path / "in", "--out", out, "--mode", "class-wise",
        "--semantic-images", tmp_path / "own",
    ]  # fmt: skip
    result = palimpsest(*call)
    assert (
        result.returncode == 2 and "There are two folders of the class M\u00fcller" in result.stderr
    )
    (tmp_path / "own/M\u00fcller/1.png").unlink()
    (tmp_path / "own/M\u00fcller").rmdir()
    assert palimpsest(*call).returncode == 0
    assert report(out, "M\u00fcller/2")["semantic_image_sha256"] == pixel_hash(
        tmp_path / "own/Mu\u0308ller/1.png"
    )


def test_sample_wise_every_photo_has_a_picture_of_its_own_choice_and_keeps_it(
    palimpsest, own, tmp_path
):
    # Small photos are batched with several pictures, the large one travels alone.
    photos = [picture(tmp_path / f"in/cat/{number:03}.png", number) for number in range(150)]
    photos.append(picture(tmp_path / "in/cat/large.png", 999, side=100))
    listed = [own / "cat" / name for name in ("10.png", "9.png", "B.png")]
    first, second = tmp_path / "first", tmp_path / "second"
    for out, jobs in [(first, 1), (second, 2)]:
        result = palimpsest(
            "protect", tmp_path / "in", "--out", out, "--semantic-images", own,
            "--mode", "sample-wise", "--jobs", jobs,
        )  # fmt: skip
        assert result.returncode == 0, result.stderr
    places = {photo.stem: expected_place(photo, 3) for photo in photos}
    assert {places[photo.stem] for photo in photos[:150]} == {0, 1, 2}
    for photo in photos[:150]:
        found = report(first, f"cat/{photo.stem}")
        assert (
            found["semantic_image_sha256"] == pixel_hash(listed[places[photo.stem]])
            and found["mode"] == "sample-wise"
        )
        # The folders have different seeds, which does not matter.
        assert (
            (first / f"cat/{photo.stem}.png").read_bytes()
            == (second / f"cat/{photo.stem}.png").read_bytes()
        )
    assert report(first, "cat/large") == report(second, "cat/large")


@pytest.mark.parametrize("mask", ["none", "photo"])
def test_the_middle_of_a_picture_is_scaled_and_hidden_as_pytorch_hides_it(
    palimpsest, tmp_path, mask
):
    torch, weights = reference()
    photo = tmp_path / "photo.png"
    Image.open(PHOTOS / "plane.jpg").convert("RGB").resize((300, 200), Image.BICUBIC).save(photo)
    (tmp_path / "own/plane").mkdir(parents=True)
    own = Image.open(PHOTOS / "parrots.jpg").convert("RGB").resize((500, 700), Image.BICUBIC)
    own.save(tmp_path / "own/plane/1.png")
    out = tmp_path / "out"
    # At 200 pixels only the picture is scaled.
    result = palimpsest(
        "protect", photo, "--class", "plane", "--out", out, "--semantic-images", tmp_path / "own",
        "--weights", WAVES,
        "--working-size", 200, "--mask", mask,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    planes = [
        Image.fromarray(numpy.asarray(plane).astype(numpy.float32) / 255) for plane in own.split()
    ]
    fitted = numpy.stack(
        [numpy.asarray(ImageOps.fit(plane, (300, 200), Image.BILINEAR)) for plane in planes]
    )
    cover = torch.from_numpy(pixels(photo)).permute(2, 0, 1).float() / 255
    with torch.no_grad():
        hidden, _ = weights.load(WAVES)[0].hide(cover[None], torch.from_numpy(fitted)[None])
    # The photo mask: the factor of red and green, and that of blue by the picture's own blue.
    weight = (
        torch.stack(
            [torch.full((200, 300), 0.15)] * 2 + [0.1 + 0.5 * (cover[2] / 0.5).clamp(max=1)]
        )
        if mask == "photo"
        else 1
    )
    expected = (
        (cover * 255 + ((hidden[0] - cover) * 255).clamp(-8, 8) * weight)
        .clamp(0, 255)
        .round()
        .permute(1, 2, 0)
        .numpy()
    )
    difference = abs(expected - pixels(out / "plane/photo.png"))
    assert difference.max() <= 1 and (difference > 0).mean() < 1e-3


def test_a_protected_photo_reveals_the_picture_of_its_class_and_no_other(palimpsest, tmp_path):
    torch, weights = reference()
    # Strokes as fine as those the network was trained on; of a photo it carries little.
    classes = {"a": (0.2, 5.5), "b": (1.2, 5.0), "c": (2.4, 6.0)}
    secrets = {}
    for label, (angle, wavelength) in classes.items():
        (tmp_path / "own" / label).mkdir(parents=True)
        strokes(angle, wavelength).save(tmp_path / "own" / label / "1.png")
        secrets[label] = pixels(tmp_path / "own" / label / "1.png") / 255
    photos = [
        (label, number, name)
        for label in classes
        for number, name in enumerate(["parrots.jpg", "plane.jpg", "hats.png"])
    ]
    for label, number, name in photos:
        (tmp_path / "in" / label).mkdir(parents=True, exist_ok=True)
        crop(name, 70 + 9 * number, 50).save(tmp_path / "in" / label / f"{number}.png")
    out = tmp_path / "out"
    result = palimpsest(
        "protect", tmp_path / "in", "--out", out, "--semantic-images", tmp_path / "own",
        "--weights", WAVES,
    )  # fmt: skip
    assert result.returncode == 0, result.stderr
    network, _ = weights.load(WAVES)
    torch.manual_seed(0)
    for label, number, _ in photos:
        released = (
            torch.from_numpy(pixels(out / label / f"{number}.png")).permute(2, 0, 1).float()[None]
            / 255
        )
        with torch.no_grad():
            revealed = network.reveal(released)[0].permute(1, 2, 0).numpy()
        likeness = {
            name: numpy.corrcoef(revealed.ravel(), secret.ravel())[0, 1]
            for name, secret in secrets.items()
        }
        assert likeness.pop(label) > 0.4, likeness
        assert max(likeness.values()) < 0.2, likeness


def reference():
    """PyTorch, and the package with the reference network."""
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    training = str(ROOT / "Training")
    if training not in sys.path:
        sys.path.insert(0, training)
    torch = pytest.importorskip("torch")
    from deephiding import weights

    return torch, weights


def bomb():
    """A PNG of a few bytes that claims 64 megapixels."""
    file = io.BytesIO()
    Image.new("1", (12000, 12000)).save(file, "PNG")
    return file.getvalue()


def truncated():
    return (PHOTOS / "plane.jpg").read_bytes()[:3000]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "image_empty: "),
        (b"no picture", "image_unsupported: "),
        (b"GIF89a" + bytes(100), "image_unsupported: The file is a GIF picture"),
        (truncated, "image_truncated: "),
        (bomb, "image_too_large: The picture is 12000 x 12000"),
        (None, "image_too_large: The file has more than 64 MiB."),
    ],
)
def test_a_broken_semantic_image_is_told_once_before_any_photo_is_protected(
    palimpsest, own, tmp_path, content, words
):
    for number in range(3):
        picture(tmp_path / f"in/cat/{number}.png", number)
    broken = own / "cat/10.png"
    if content is None:
        os.truncate(broken, (64 << 20) + 1)
    else:
        broken.write_bytes(content() if callable(content) else content)
    out = tmp_path / "out"
    result = palimpsest("protect", tmp_path / "in", "--out", out, "--semantic-images", own)
    assert result.returncode == 1
    _, line = result.stderr.splitlines()
    assert line.startswith(f"Error: The semantic image {broken} cannot be used: {words}"), (
        result.stderr
    )
    assert tree(out) == [] and not (out / ".palimpsest-partial").exists()


def test_of_several_broken_ones_the_first_is_told(palimpsest, own, tmp_path):
    for label in ("cat", "dog"):
        picture(tmp_path / f"in/{label}/1.png", 1)
    for name in ("cat/9.png", "cat/B.png", "dog/only.png"):
        (own / name).write_bytes(b"no picture")
    for _ in range(3):
        result = palimpsest(
            "protect", tmp_path / "in", "--out", tmp_path / "out", "--semantic-images", own
        )
        assert (
            result.returncode == 1
            and f"The semantic image {own}/cat/9.png cannot be used" in result.stderr
        )
    # Class-wise and without dogs, none of them is needed.
    one = [tmp_path / "in/cat/1.png", "--class", "cat", "--mode", "class-wise"]
    assert (
        palimpsest("protect", *one, "--out", tmp_path / "out", "--semantic-images", own).returncode
        == 0
    )


def no_folder(own):
    return own / "cat/9.png", "is not a folder with a folder of pictures for each class."


def nothing_there(own):
    return own / "nowhere", "is not a folder with a folder of pictures for each class."


def no_classes(own):
    (own / ".hidden/sub").mkdir()
    return own / ".hidden/sub", "There is no folder in"


def empty_class(own):
    (own / "bird").mkdir()
    (own / "bird/.hidden.png").write_bytes(b"")
    return own, f"There is no picture in {own}/bird."


def bad_label(own):
    name = "x" * 65
    picture(own / name / "1.png", 1)
    return (
        own,
        f"{own}/{name}: The class is its folder's name. This class has more than 64 characters. A "
        "class is 1 to 64"
    )


def folder_in_class(own):
    (own / "dog/more").mkdir()
    return own, f"{own}/dog/more is not a file; a class's folder must hold only pictures."


def pipe_in_class(own):
    os.mkfifo(own / "dog/pipe.png")
    return own, f"{own}/dog/pipe.png is not a file"


def dead_link(own):
    (own / "dog/gone.png").symlink_to("/nonexistent")
    return own, f"{own}/dog/gone.png could not be read: No such file or directory."


@pytest.mark.parametrize(
    "spoil",
    [no_folder, nothing_there, no_classes, empty_class, bad_label, folder_in_class, pipe_in_class,
    dead_link],
)  # fmt: skip
def test_a_folder_that_is_none_is_status_2_with_one_sentence_and_makes_nothing(
    palimpsest, own, tmp_path, spoil
):
    picture(tmp_path / "in/cat/1.png", 1)
    folder, words = spoil(own)
    result = palimpsest(
        "protect", tmp_path / "in", "--out", tmp_path / "out", "--semantic-images", folder
    )
    assert result.returncode == 2 and words in result.stderr, result.stderr
    assert result.stderr.startswith("Error: ") and result.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_fresh_and_own_semantic_images_exclude_each_other(palimpsest, own, tmp_path):
    photo = picture(tmp_path / "1.png", 1)
    result = palimpsest(
        "protect", photo, "--class", "cat", "--out", tmp_path / "out", "--semantic-images", own,
        "--fresh-semantic-images",
    )  # fmt: skip
    assert (
        result.returncode == 2
        and "exclude each other" in result.stderr
        and not (tmp_path / "out").exists()
    )


def test_a_class_folder_may_be_a_link_and_a_picture_a_jpeg(palimpsest, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    crop("parrots.jpg", 0, 0, 48).save(tmp_path / "elsewhere/1.jpg", quality=90)
    (tmp_path / "own").mkdir()
    (tmp_path / "own/cat").symlink_to(tmp_path / "elsewhere")
    picture(tmp_path / "in/cat/1.png", 1)
    out = tmp_path / "out"
    result = palimpsest(
        "protect", tmp_path / "in", "--out", out, "--semantic-images", f"{tmp_path}/own/", "--quiet"
    )
    assert (result.returncode, result.stderr) == (0, "")
    assert report(out, "cat/1")["semantic_image_sha256"] == pixel_hash(tmp_path / "elsewhere/1.jpg")
