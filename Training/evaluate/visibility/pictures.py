"""The photos of `make look`: those of the list, as they are, enlarged with grain, and as JPEGs."""

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from .. import datasets

LIST = Path(__file__).parents[1] / "look.txt"
KINDS = {".jpg", ".jpeg", ".png", ".webp"}
LARGE = 1536
# Together about 2 levels: a good camera at a low ISO.
LUMINANCE_GRAIN, COLOUR_GRAIN = 1.8, 0.9
RULER = (92, 75, 50)
JPEG_SHIFT = (5, 3)


class PicturesError(Exception):
    """There are no photos to measure; the message says what to do."""


@dataclass(frozen=True)
class Picture:
    """A photo's name and file; `free` tells whether it may be shown in a document."""

    name: str
    content: bytes
    free: bool

    def pixels(self, size):
        """uint8 (H, W, 3) at one of `SIZES`."""
        with Image.open(io.BytesIO(self.content)) as image:
            return SIZES[size](ImageOps.exif_transpose(image).convert("RGB"), self.digest())

    def digest(self):
        return hashlib.sha256(self.content).hexdigest()


def listed(path=LIST):
    """{name: whether it is free} of a list.

    A line is a name, `free` or `restricted`, and a description.
    """
    lines = [
        line.split(maxsplit=2)
        for line in Path(path).read_text().splitlines()
        if line and line[0] != "#"
    ]
    return {words[0]: words[1] == "free" for words in lines}


def load(place, wanted=None):
    """The list's photos in a folder or tar; all photos if it holds none of the list."""
    place = Path(place)
    if not place.exists():
        raise PicturesError(f"there is no '{place}': name a folder of photos, or photos.tar")
    found = datasets.contents(place).items()
    files = {name.as_posix(): content for name, content in found if name.suffix.lower() in KINDS}
    if not files:
        raise PicturesError(f"'{place}' holds no photo ({', '.join(sorted(KINDS))})")
    wanted = listed() if wanted is None else wanted
    missing = [name for name in wanted if name not in files]
    if len(missing) == len(wanted):
        return [Picture(name, files[name], True) for name in sorted(files)]
    if missing:
        some = ", ".join(missing[:3])
        raise PicturesError(
            f"'{place}' lacks {len(missing)} of the {len(wanted)} photos of {LIST.name}: {some}…"
        )
    return [Picture(name, files[name], free) for name, free in wanted.items()]


def enlarged(image, digest):
    """A photo enlarged to a short side of 1,536 pixels: Lanczos, then grain.

    Enlarging leaves a photo smoother than any camera's. The grain is normal noise, 1.8 levels in
    all channels alike and 0.9 in each, seeded by the file's SHA-256 and rounded.
    """
    scale = LARGE / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), Image.LANCZOS)
    rng = np.random.default_rng(int(digest[:16], 16))
    pixels = np.asarray(image, np.float32)
    grain = LUMINANCE_GRAIN * rng.standard_normal(pixels.shape[:2], np.float32)[..., None]
    grain = grain + COLOUR_GRAIN * rng.standard_normal(pixels.shape, np.float32)
    return np.clip(np.rint(pixels + grain), 0, 255).astype(np.uint8)


def as_it_is(image, digest):
    return np.asarray(image)


SIZES = {"as it is": as_it_is, f"{LARGE} px with grain": enlarged}


def as_jpeg(pixels, quality):
    """An image after JPEG at that quality, with half the colour resolution (4:2:0).

    Its blocks start 5 pixels above and 3 left of the image. Aligned with its old blocks, a photo
    that came as a JPEG would hardly change again.
    """
    top, left = JPEG_SHIFT
    encoded = io.BytesIO()
    shifted = np.pad(pixels, ((top, 0), (left, 0), (0, 0)), "edge")
    Image.fromarray(shifted).save(encoded, "JPEG", quality=quality, subsampling="4:2:0")
    with Image.open(encoded) as image:
        return np.asarray(image)[top:, left:]
