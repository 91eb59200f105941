"""Inspects a downloaded archive with independent tools: zipfile, hashlib and Pillow."""

import hashlib
import io
import json
import zipfile

import numpy as np
from PIL import Image

from service import FIXTURES

# Uploaded by every test of the whole path: two classes, three photos and one file that is no photo.
PHOTOS = {
    "birds/parrots.png": "parrots.jpg",
    "things/plane.png": "plane.jpg",
    "things/hats.png": "hats.png",
}

FIXTURE_OF = {fixture.rpartition(".")[0]: fixture for fixture in PHOTOS.values()}


def upload_arguments(broken):
    return [
        "--form", "class=birds",
        "--form", f"file=@{FIXTURES / 'parrots.jpg'}",
        "--form", "class=things",
        "--form", f"file=@{FIXTURES / 'plane.jpg'}",
        "--form", f"file=@{broken};filename=broken.jpg;type=image/jpeg",
        "--form", f"file=@{FIXTURES / 'hats.png'}",
    ]  # fmt: skip


def pixels(data):
    image = Image.open(io.BytesIO(data))
    image.load()
    return image.mode, np.asarray(image, dtype=np.int16)


def members(archive):
    """The archive's files by name; checks every CRC."""
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert len(set(opened.namelist())) == len(opened.namelist())
        return {name: opened.read(name) for name in opened.namelist()}


def check_protected(png, original_path, bound=8):
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    mode, protected = pixels(png)
    original_mode, original = pixels(original_path.read_bytes())
    assert mode == original_mode == "RGB"
    assert protected.shape == original.shape
    difference = np.abs(protected - original).max()
    assert 0 < difference <= bound, f"{original_path.name}: largest difference {difference}"


def check_archive(archive):
    """Checks names, sums and pixels in the archive of the standard upload; returns its files."""
    files = members(archive)
    assert set(files) == {*PHOTOS, "manifest.json", "manifest.json.sig", "SHA256SUMS"}
    sums = {}
    for line in files["SHA256SUMS"].decode().splitlines():
        digest, name = line.split("  ", 1)
        sums[name] = digest
    assert set(sums) == set(files) - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256(files[name]).hexdigest() == digest, name
    for name, fixture in PHOTOS.items():
        check_protected(files[name], FIXTURES / fixture)
    manifest = json.loads(files["manifest.json"])
    images = {image["name"]: image for image in manifest["images"]}
    assert [image["number"] for image in manifest["images"]] == [1, 2, 3, 4]
    assert images["broken"]["state"] == "failed"
    assert images["broken"]["error"]["code"].startswith("image_")
    for name, fixture in PHOTOS.items():
        image = images[fixture.rpartition(".")[0]]
        assert (image["file"], image["class"], image["state"]) == (name, name.split("/")[0], "done")
        original = (FIXTURES / fixture).read_bytes()
        assert image["report"]["input_sha256"] == hashlib.sha256(original).hexdigest()
        assert image["report"]["output_sha256"] == sums[name]
    return files
