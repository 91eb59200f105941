"""Time and size of PNG encoding: the product by level, libspng by filter, and libpng as it is."""

import ctypes
import ctypes.util
import json
import subprocess
import time
from pathlib import Path

import numpy as np
from PIL import Image

from . import pictures

LIBPNG = "libpng, standard"
RGB = 2


class _Picture(ctypes.Structure):
    """`png_image` of libpng's simplified interface."""

    _fields_ = [("opaque", ctypes.c_void_p), *((name, ctypes.c_uint32) for name in (
        "version", "width", "height", "format", "flags", "colormap_entries", "warning_or_error")),
        ("message", ctypes.c_char * 64)]  # fmt: skip


def libpng(path, repetitions):
    """Milliseconds and bytes of libpng with its default filters and level."""
    library = ctypes.CDLL(ctypes.util.find_library("png16"))
    pixels = np.ascontiguousarray(np.asarray(Image.open(path).convert("RGB")))
    file = ctypes.create_string_buffer(pixels.nbytes + pixels.nbytes // 8 + 65536)
    times = []
    for _ in range(repetitions):
        picture = _Picture(version=1, width=pixels.shape[1], height=pixels.shape[0], format=RGB)
        length = ctypes.c_size_t(len(file))
        start = time.perf_counter()
        done = library.png_image_write_to_memory(
            ctypes.byref(picture),
            file,
            ctypes.byref(length),
            0,
            pixels.ctypes.data_as(ctypes.c_void_p),
            0,
            None,
        )
        times.append(1e3 * (time.perf_counter() - start))
        if not done:
            raise RuntimeError(picture.message.decode())
    return {"encoder": LIBPNG, "ms": min(times), "bytes": length.value}


def measure(photos, folder, tools, repetitions=3):
    """Protects a folder's photos and one of twelve megapixels; encodes the results every way."""
    kinds = {".jpg", ".jpeg", ".png", ".webp"}
    named = {
        path.name: path for path in sorted(Path(photos).iterdir()) if path.suffix.lower() in kinds
    }
    return {
        "photos": [_record(path, folder, tools, repetitions) for path in named.values()],
        "12 MP": [
            _record(
                pictures.photo(folder / "photo.jpg", *pictures.MEGAPIXELS["12 MP"]),
                folder,
                tools,
                repetitions,
            )
        ],
    }


def _record(photo, folder, tools, repetitions):
    source = folder / "png-in.png"
    with Image.open(photo) as image:
        image.convert("RGB").save(source, compress_level=1)
    out = folder / "png-out"
    command = [
        tools.product, "protect", source, "--class", "c", "--out", out, "--weights", tools.weights,
        "--quiet",
    ]  # fmt: skip
    subprocess.run(list(map(str, command)), check=True)
    (protected,) = out.rglob("*.png")
    command = [str(tools.binary), "png", str(protected), "--repetitions", str(repetitions)]
    encoders = json.loads(
        subprocess.run(command, check=True, capture_output=True, text=True).stdout
    )
    with Image.open(protected) as image:
        pixels = image.width * image.height
    record = {
        "photo": photo.name,
        "pixels": pixels,
        "encoders": [libpng(protected, repetitions), *encoders],
    }
    protected.unlink()
    return record
