"""What the product's own binary makes of arrays of images, kept once it is made."""

import hashlib
import json
from pathlib import Path

from deephiding.weights import tensors_sha256
from methods import product
from methods.product import ProductError as ProductError

from . import cache


def protect(binary, weights, pixels, labels, names, family_seed, folder, options=()):
    """Protects uint8 images (N, H, W, 3) by `palimpsest protect`; caches in `folder`."""
    settings = json.dumps(
        [tensors_sha256(weights), family_seed, list(options), list(names)]
    ).encode()
    parts = (Path(binary).read_bytes(), pixels.tobytes(), labels.tobytes(), settings)
    options = ("--family-seed", str(family_seed), *options)
    return cache.stored(
        folder, parts, lambda: product.protect(binary, weights, pixels, labels, names, options)
    )


def assignment(family_seed, label):
    """(family seed, class index, texture seed) that the binary assigns to a class, as documented.

    Class folders are taken in order of name, so the index of a CIFAR-10 class is its label.
    """
    text = f"palimpsest texture\n{family_seed}\n{label}".encode()
    return family_seed, label, int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
