"""The measurement on a user's own photos: what it accepts, what it refuses, what it says."""

from pathlib import Path

import numpy as np
import pytest
from evaluate import photos, resolution
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    for name, ground in (("cat", 60), ("dog", 180)):
        (tmp_path / name / "deeper").mkdir(parents=True)
        for i in range(24):
            pixels = np.clip(rng.normal(ground, 30, (40 + i, 60, 3)), 0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(tmp_path / name / ("deeper" if i % 2 else "") / f"{i}.jpg")
    (tmp_path / "cat" / "notes.txt").write_text("no photo")
    return tmp_path


def test_a_fifth_of_every_class_is_kept_aside_and_nothing_is_in_both(folder):
    classes = photos.find(folder)
    assert {name: len(paths) for name, paths in classes.items()} == {"cat": 24, "dog": 24}
    learnt, aside = photos.split(classes, 0)
    assert [sum(label == k for _, label in aside) for k in (0, 1)] == [4, 4]
    assert not {path for path, _ in learnt} & {path for path, _ in aside} and len(learnt) == 40
    assert photos.split(classes, 0) == (learnt, aside) != photos.split(classes, 1)


def test_folders_that_prove_nothing_are_refused_with_what_to_do(folder, tmp_path):
    with pytest.raises(photos.PhotosError, match="a folder of photos for each class"):
        photos.find(tmp_path / "nothing")
    for path in (folder / "dog").rglob("*1*.jpg"):
        path.unlink()
    with pytest.raises(photos.PhotosError, match="'dog' has 12 photos"):
        photos.find(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(photos.PhotosError, match="at least 2 folders"):
        photos.find(tmp_path / "empty")


def test_protection_is_the_binarys_at_full_size(folder, tmp_path):
    binary = ROOT / ".build/release/palimpsest"
    assert binary.exists(), f"{binary} is missing: run `make build` first"
    learnt, _ = photos.split(photos.find(folder), 0)
    weights = ROOT / "Sources/DeepHiding/Resources/deep-hiding.safetensors"
    chosen = learnt[:2] + learnt[-1:]
    originals = photos.sources(chosen, tmp_path / "work", enlarge=256)
    released = photos.protect(binary, weights, tmp_path / "work", 0)
    difference = np.abs(released.astype(int) - originals)
    assert originals.shape == released.shape == (3, 256, 256, 3)
    # Enlarged to a short side of 256 and centre-cropped, nothing is resampled after the bound was
    # applied.
    assert 3 <= difference.max() <= 8 and (difference > 0).mean() > 0.2


def test_a_network_learns_what_can_be_told_apart():
    rng = np.random.default_rng(0)
    labels = np.arange(32) % 2
    pixels = np.clip(
        rng.normal(80 + 90 * labels[:, None, None, None], 20, (32, 256, 256, 3)), 0, 255
    ).astype(np.uint8)
    assert photos.learn(pixels, labels, pixels[:10], labels[:10], 2, 0, epochs=40)[-1] >= 90


@pytest.mark.parametrize(
    "clean, protected, control, said",
    [
        (80, 52, 51, "hardly anything"),
        (80, 78, 51, "most"),
        (80, 78, 79, "blind"),
        # A drop that was measured counts, whatever the control does.
        (80, 52, 79, "hardly anything"),
        (80, 62, 79, "a part"),
        (60, 52, 51, "Too few photos"),
    ],
)
def test_the_verdict_in_words(clean, protected, control, said):
    result = {
        "learnt": 100,
        "unseen": 25,
        "chance": 50,
        "clean": clean,
        "protected": protected,
        "control": control,
    }
    lines = photos.words(result)
    assert said in lines[2]
    assert ("nothing can be concluded" in lines[2]) == (said in ("blind", "Too few photos"))


def test_the_table_of_working_sizes_goes_on_where_it_was(folder, tmp_path, monkeypatch, capsys):
    weights = ROOT / "Sources/DeepHiding/Resources/deep-hiding.safetensors"
    out = tmp_path / "out"
    command = [
        "resolution", "--photos", folder, "--binary", ROOT / ".build/release/palimpsest",
        "--weights", weights, "--out", out,
        "--cache", tmp_path / "cache", "--enlarge", "300", "--sizes", "64", "--epochs", "1",
        "--processes", "1",
    ]  # fmt: skip
    (folder / "out").mkdir()
    monkeypatch.setattr("sys.argv", list(map(str, command)))
    resolution.main()
    table = capsys.readouterr().out
    assert [line.split(" | ")[0] for line in table.splitlines()[2:6]] == [
        "| clean", "| random noise (control)", "| class-wise at 64 px", "| sample-wise at 128 px",
    ]  # fmt: skip
    assert "40 photos of 2 classes" in table and (out / "resolution.md").read_text() == table[:-1]
    released = {
        path.name.rsplit("-", 1)[0]: np.load(path).astype(int)
        for path in (tmp_path / "cache").iterdir()
    }
    changes = {
        name: np.abs(pixels - released["clean"]).mean()
        for name, pixels in released.items()
        if name != "clean"
    }
    assert all(1 < change <= 8 for change in changes.values()), changes
    # Nothing is made or trained twice.
    for path in (tmp_path / "cache").iterdir():
        path.unlink()
    resolution.main()
    assert capsys.readouterr().out == table and not list((tmp_path / "cache").iterdir())
