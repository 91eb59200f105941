"""Two networks in one weights file: the binary hides with the one that the mask calls for."""

import json
import subprocess
from pathlib import Path

import pytest
from deephiding import weights

ROOT = Path(__file__).resolve().parents[2]
BINARY = ROOT / ".build/release/palimpsest"
SMALL = ROOT / "Tests/e2e/fixtures/waves-2026-11-21.safetensors"
PHOTOS = ROOT / "Training/baselines/surrogates-photos.safetensors"
PLANE = ROOT / "Tests/e2e/fixtures/plane.jpg"


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    assert BINARY.exists(), f"{BINARY} is missing: run `make build` first"
    file = tmp_path_factory.mktemp("pair") / "pair.safetensors"
    weights.pair(file, SMALL, PHOTOS, '{"vanilla": 1}')
    return file


def protected(file, folder, mask, *options):
    """The PNG and the report of a photo, its keys drawn from the same seed."""
    subprocess.run(
        [
            str(BINARY), "protect", str(PLANE), "--class", "a", "--weights", str(file),
            "--out", str(folder), "--reports", str(folder), "--family-seed", "7", "--mask", mask, "--quiet", *options,
        ],
        check=True,
    )  # fmt: skip
    report = json.loads((folder / "a" / "plane.json").read_text())
    return (folder / "a" / "plane.png").read_bytes(), report


# The photo has 129 pixels, which are fewer than the second network's 256.
@pytest.mark.parametrize(("mask", "alone", "side"), [("none", SMALL, 128), ("photo", PHOTOS, 129)])
def test_each_mask_gives_the_picture_of_its_network_alone(pair, tmp_path, mask, alone, side):
    png, report = protected(pair, tmp_path / "pair", mask)
    wanted, theirs = protected(alone, tmp_path / "alone", mask)
    assert png == wanted
    sides = (report["working_width"], report["working_height"])
    assert min(sides) == side
    assert report["model_sha256"] != theirs["model_sha256"]


def test_a_working_size_that_is_named_counts(pair, tmp_path):
    _, report = protected(pair, tmp_path, "photo", "--working-size", "96")
    assert report["working_height"] == 96


def test_a_pair_is_read_as_its_networks(pair):
    for masked, file in ((False, SMALL), (True, PHOTOS)):
        network, metadata = weights.load(pair, masked)
        alone, theirs = weights.load(file)
        assert metadata.get("gain") == theirs.get("gain")
        for a, b in zip(network.parameters(), alone.parameters()):
            assert (a == b).all()


def test_results_of_a_network_stay_attributable_when_it_becomes_part_of_a_pair(pair):
    for masked, file in ((False, SMALL), (True, PHOTOS)):
        assert weights.network_sha256(pair, masked) == weights.tensors_sha256(file)
        assert weights.network_sha256(file, masked) == weights.tensors_sha256(file)
    assert weights.load(pair)[1]["protection"] == '{"vanilla": 1}'
    # A file of one network serves both.
    assert weights.load(SMALL, masked=True)[1]["blocks"] == weights.load(SMALL)[1]["blocks"]


def test_a_pair_is_not_paired_again(pair, tmp_path):
    with pytest.raises(ValueError, match="one network"):
        weights.pair(tmp_path / "out", pair, PHOTOS)
