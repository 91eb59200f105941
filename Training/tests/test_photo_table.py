"""Photos passed on by a site: how they are processed, what is cached, and the table."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from evaluate import (
    classifier, columns, photo_rows, photo_table, photos, randaugment, rows, setting, shapes,
)  # fmt: skip
from PIL import Image
from scipy import ndimage

ROOT = Path(__file__).resolve().parents[2]
BINARY, WEIGHTS = (
    ROOT / ".build/release/palimpsest",
    ROOT / "Sources/DeepHiding/Resources/deep-hiding.safetensors"
)
# Whose change is alike on all photos of a class.
WAVES = ROOT / "Tests/e2e/fixtures/waves-2026-11-21.safetensors"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """Training and test photos of two classes that differ in brightness."""
    folder = tmp_path_factory.mktemp("dataset")
    rng = np.random.default_rng(0)
    for part, count in (("train", 24), ("test", 20)):
        for name, ground in (("cat", 70), ("dog", 180)):
            (folder / part / name).mkdir(parents=True)
            for i in range(count):
                coarse = rng.normal(ground, 20, (6, 6, 3)).clip(0, 255).astype(np.uint8)
                Image.fromarray(coarse).resize((80, 64), Image.BICUBIC).save(
                    folder / part / name / f"{i}.jpg"
                )
    return folder


def test_marks_lie_on_the_middle_square_and_are_enlarged():
    patterns = np.zeros((2, 2, 2, 3), np.float32)
    patterns[1, 0, 0], patterns[1, 1, 1] = 8, -8
    photo = Image.new("RGB", (60, 40), (100, 100, 4))
    row = photo_rows.Marked(patterns)
    assert (np.asarray(row.changed(0, photo)) == np.asarray(photo)).all()
    difference = np.asarray(row.changed(1, photo)).astype(int) - np.asarray(photo)
    assert (difference[:20, 10:30] == 8).all() and (difference[20:, 30:50] == [-8, -8, -4]).all()
    assert np.abs(difference).sum() == 20 * 20 * 24 + 20 * 20 * 20


def test_a_site_passes_on_a_jpeg_of_its_own():
    rng = np.random.default_rng(0)
    photo = Image.fromarray(
        ndimage.gaussian_filter(rng.uniform(0, 255, (64, 64, 3)), (1, 1, 0)).astype(np.uint8)
    )
    assert photo_rows.passed_on(photo, None) is photo
    errors = [
        np.abs(np.asarray(photo_rows.passed_on(photo, quality)).astype(int) - np.asarray(photo))
        .mean()
        for quality in (95, 85, 30)
    ]
    assert 0 < errors[0] < errors[1] < errors[2]


def test_rows_go_on_with_the_class_that_is_missing(dataset, tmp_path, monkeypatch):
    assert BINARY.exists(), f"{BINARY} is missing: run `make build` first"
    learnt, aside, names = photo_table.gather(dataset, tmp_path, 3, 0)
    assert (
        [label for _, label in learnt] == [0] * 3 + [1] * 3
        and len(aside) == 40
        and names == ("cat", "dog")
    )
    way = photo_rows.Way(300, 85)
    table = {
        "clean": photo_rows.AsTheyAre(),
        "ours": photo_rows.Protected(str(BINARY), str(WAVES), ("--mode", "class-wise"), 0),
    }
    photo_rows.make(tmp_path, table, learnt, way)
    clean, ours = (photo_rows.load(tmp_path, table, name, learnt, way) for name in table)
    assert clean.shape == ours.shape == (6, 256, 256, 3)
    change = ours.astype(int) - clean
    assert 1 < np.abs(change).mean() < 8
    # A class's pattern survives the JPEG and goes to the right photos: those of a class are alike.
    flat = change.reshape(6, -1) - change.reshape(6, -1).mean(1, keepdims=True)
    likeness = np.corrcoef(flat)
    assert likeness[0, 1] > likeness[0, 3] + 0.2 and likeness[3, 4] > likeness[1, 4] + 0.2
    parts = sorted(path for path in tmp_path.rglob("1-*.npy"))
    assert len(parts) == 2
    for part in parts:
        part.unlink()
    assert photo_rows.load(tmp_path, table, "ours", learnt, way) is None
    called = []
    protected = photos.protected
    monkeypatch.setattr(
        photos, "protected", lambda *given: called.append(given[2].name) or protected(*given)
    )
    photo_rows.make(tmp_path, table, learnt, way)
    assert (
        called == ["c1"] and (photo_rows.load(tmp_path, table, "ours", learnt, way) == ours).all()
    )
    # Another way makes another row.
    assert photo_rows.load(tmp_path, table, "ours", learnt, photo_rows.Way(300, None)) is None


def test_a_row_of_published_photos_is_made_by_the_binary(dataset, tmp_path, monkeypatch):
    publication = photo_rows.Publication.named("jpeg 40 200")
    assert str(publication) == "published as jpeg 40 at 200 px"
    monkeypatch.setattr(photo_table, "OPTIONS", {"ours": ("--mode", "class-wise")})
    assert list(photo_table.offered(None)) == ["ours"]
    offered = photo_table.offered(publication)
    assert list(offered) == ["ours", "ours, published as jpeg 40 at 200 px"]
    learnt, _, _ = photo_table.gather(dataset, tmp_path, 2, 0)
    table = {
        name: photo_rows.Protected(str(BINARY), str(WEIGHTS), options, 0)
        for name, options in offered.items()
    }
    way = photo_rows.Way(300, None)
    sizes = set()
    opened = photos.opened

    def seen(path):
        photo = opened(path)
        if "released" in path.parts:
            sizes.add((path.suffix, max(photo.size)))
        return photo

    monkeypatch.setattr(photos, "opened", seen)
    photo_rows.make(tmp_path, table, learnt, way)
    # A photo of 80 by 64 pixels is enlarged to 375 by 300 before.
    assert sizes == {(".jpg", 200), (".png", 375)}
    plain, published = (photo_rows.load(tmp_path, table, name, learnt, way) for name in table)
    assert plain.shape == published.shape == (4, 256, 256, 3)
    assert 1 < np.abs(plain.astype(int) - published).mean() < 12
    # What is published differently is another row.
    assert table["ours"].identity() != table["ours, published as jpeg 40 at 200 px"].identity()


@pytest.mark.parametrize("text", ["", "jpeg", "png 92 2048", "jpeg 92 2048 1", "jpeg x", "92 jpeg"])
def test_a_publication_that_is_none_is_refused(text):
    with pytest.raises(photos.PhotosError, match="such as 'jpeg 92 2048'"):
        photo_rows.Publication.named(text)


def test_the_table_is_measured_once_and_gives_the_controls_verdict(
    dataset, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(photo_table, "OPTIONS", {"ours": ()})
    monkeypatch.setattr(photo_table, "ROWS", (rows.CLEAN, rows.CONTROL, "ours"))
    command = [
        "photo_table", "--dataset", dataset, "--binary", BINARY, "--weights", WEIGHTS, "--out",
        tmp_path, "--enlarge", "300",
        "--side", "32", "--processes", "1", "--epochs", "1", "--columns",
        "probe Lite0, 20 a class;kNN Lite0, 20 a class",
    ]  # fmt: skip
    monkeypatch.setattr("sys.argv", list(map(str, command)))
    photo_table.main()
    said = capsys.readouterr().out
    record = json.loads((tmp_path / "photos.json").read_text())
    assert (
        [cell["row"] for cell in record["cells"]]
        == [row for row in (rows.CLEAN, rows.CONTROL, "ours") for _ in range(2)]
    )
    assert (
        record["cells"][0]["mean"] > 80
        and record["cells"][0]["largest_delta"] == 0 < record["cells"][2]["largest_delta"]
    )
    assert (
        record["verdict"][0].startswith("No verdict on pre-trained networks")
        and record["verdict"][0] in said
    )
    assert "JPEG 85" in said and (tmp_path / "photos.md").read_text() == said[:-1]
    kept = [*(tmp_path / "cells").iterdir(), *(tmp_path / "cache").rglob("*.npy")]
    before = {path: path.stat().st_mtime_ns for path in kept}
    photo_table.main()
    assert len(before) > 6 and all(path.stat().st_mtime_ns == time for path, time in before.items())


def test_names_that_do_not_exist_are_refused(dataset, tmp_path):
    with pytest.raises(photos.PhotosError, match="no column 'probe Lite9'; there are: vanilla"):
        photo_table.named("vanilla; probe Lite9", photo_table.COLUMNS, "column")
    assert photo_table.named("grayscale;vanilla", photo_table.COLUMNS, "column") == [
        "vanilla", "grayscale"
    ]
    (tmp_path / "nothing.tar").write_text("no archive")
    with pytest.raises(photos.PhotosError, match="neither a folder nor a tar"):
        photo_table.gather(tmp_path / "nothing.tar", tmp_path, None, 0)
    with pytest.raises(photos.PhotosError, match="must hold train/CLASS"):
        photo_table.gather(dataset / "train" / "cat", tmp_path, None, 0)


def test_every_column_of_the_table_exists():
    assert set(photo_table.COLUMNS) <= set(columns.ALL) and set(photo_table.OPTIONS) <= set(
        photo_table.ROWS
    )


def test_randaugment_varies_crops_and_colours_and_follows_the_seed():
    pixels = torch.from_numpy(
        np.broadcast_to(np.arange(0, 256, 8, dtype=np.uint8)[:, None, None], (40, 32, 32, 3)).copy()
    )
    torch.manual_seed(0)
    out = randaugment.augmented(pixels, 24)
    assert out.shape == (40, 24, 24, 3) and out.dtype == torch.uint8
    torch.manual_seed(0)
    assert torch.equal(out, randaugment.augmented(pixels, 24))
    # A ramp from top to bottom: crops have less of its range, and no two are alike.
    spans = [int(picture[..., 1].max()) - int(picture[..., 1].min()) for picture in out]
    assert min(spans) < 150 and len({picture.numpy().tobytes() for picture in out}) >= 38


def test_few_pictures_are_sixty_a_class_for_540_steps(monkeypatch, tmp_path):
    x, y = shapes.generate(1000, 0)
    seen = {}

    def train(images, labels, x_test, y_test, seed, recipe, classes):
        seen.update(
            counts=np.bincount(labels).tolist(),
            steps=round(len(images) // recipe.batch * recipe.epochs),
        )
        return None, [50.0]

    monkeypatch.setattr(classifier, "train", train)
    tool = setting.Product("", "", tmp_path, tuple("abcdefghij"))
    table = setting.Setting("", "", "test", 0, classifier.Recipe(), tool, tmp_path)
    assert columns.ALL[columns.FEW](rows.TrainingSet(x, y, x), x, y, 0, table) == [50.0]
    assert seen == {"counts": [60] * 10, "steps": 540}


def test_training_with_randaugment_learns():
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    labels = np.arange(300) % 3
    pixels = (
        rng.normal(60 + 120 * np.eye(3)[labels][:, None, None], 25, (300, 32, 32, 3))
        .clip(0, 255)
        .astype(np.uint8)
    )
    _, history = classifier.train(
        pixels, labels, pixels[:90], labels[:90], 0, classifier.Recipe(epochs=6), varied=True
    )
    assert history[-1] > 80
