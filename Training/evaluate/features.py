"""Frozen pre-trained features (N, 1280), computed once for each piece of a training set.

A smaller selection per class is always a prefix of a larger one: 100 per class need only the
features that 20 per class lack.
"""

import json

import numpy as np
import torch
from PIL import Image

from . import backbone, cache, classifier

# Smaller images are upscaled to the first side, larger ones downscaled to the second, unless a side
# is given.
SMALLEST, LARGEST = 96, 224
BATCH = 64
PIECES = (20, 100)


def input_side(pixels, side):
    """The network's input side for images (N, H, H, 3).

    This is `side`, or with 0 their own, clamped to 96 to 224 pixels.
    """
    return side or min(max(pixels.shape[1], SMALLEST), LARGEST)


def shrunk(pixels, side):
    """Downscales larger images to `side` as trainers do (bilinear, antialiased); keeps others."""
    if pixels.shape[1] <= side:
        return pixels
    return np.stack(
        [
            np.asarray(Image.fromarray(picture).resize((side, side), Image.BILINEAR))
            for picture in pixels
        ]
    )


def ranks(labels, seed):
    """(N,) rank of each image in a random order of its class, from 0."""
    rng = np.random.default_rng([seed, 12])
    places = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        places[members] = np.arange(len(members))
    return places


def chosen(labels, per_class, seed):
    """Indices of `per_class` images per class (None: all), those of smaller selections first."""
    places = ranks(labels, seed)
    bounds = [bound for bound in PIECES if per_class is None or bound < per_class]
    edges = [0, *bounds, per_class or len(labels)]
    return [
        np.flatnonzero((places >= low) & (places < high)) for low, high in zip(edges, edges[1:])
    ]


def extract(pixels, name, side, precision, folder):
    """float32 (N, 1280) features of uint8 images from the published network `name`.

    They are kept in `folder` as float16.
    """
    side = input_side(pixels, side)
    pixels = shrunk(pixels, side)
    facts = json.dumps(["features", name, backbone.digest(name), side, precision]).encode()
    parts = (facts, np.ascontiguousarray(pixels).tobytes())
    return cache.stored(folder, parts, lambda: _computed(pixels, name, side, precision)).astype(
        np.float32
    )


def _computed(pixels, name, side, precision):
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network = backbone.published(name, side).to(device).to(memory_format=torch.channels_last)
    out = []
    with torch.no_grad(), torch.autocast(device, torch.bfloat16, enabled=precision == "bfloat16"):
        for i in range(0, len(pixels), BATCH):
            batch = torch.from_numpy(np.ascontiguousarray(pixels[i : i + BATCH])).to(device)
            out.append(network.features(classifier.as_input(batch)).float().cpu())
    return torch.cat(out).numpy().astype(np.float16)
