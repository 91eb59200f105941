"""What a frozen pre-trained network sees in pictures: (N, 1280) features, computed once for every piece of a
training set.

Few pictures of a class are always the first of more, so that 100 a class need only the features that 20 a class
have not.
"""

import json

import numpy as np
import torch
from PIL import Image

from . import backbone, cache, classifier

# Smaller pictures are enlarged to the first, larger ones brought to the second, unless a side is asked for.
SMALLEST, LARGEST = 96, 224
BATCH = 64
PIECES = (20, 100)


def input_side(pixels, side):
    """The side at which pictures (N, H, H, 3) enter the network: `side`, or with 0 their own, between 96 and
    224 pixels."""
    return side or min(max(pixels.shape[1], SMALLEST), LARGEST)


def shrunk(pixels, side):
    """Pictures larger than `side` brought to it as trainers do (bilinear, antialiased); the others as they are."""
    if pixels.shape[1] <= side:
        return pixels
    return np.stack(
        [
            np.asarray(Image.fromarray(picture).resize((side, side), Image.BILINEAR))
            for picture in pixels
        ]
    )


def ranks(labels, seed):
    """(N,) the place of every picture in a random order of its class, from 0."""
    rng = np.random.default_rng([seed, 12])
    places = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        places[members] = np.arange(len(members))
    return places


def chosen(labels, per_class, seed):
    """Indices of `per_class` pictures of each class, or with None of all, those of smaller numbers first."""
    places = ranks(labels, seed)
    bounds = [bound for bound in PIECES if per_class is None or bound < per_class]
    edges = [0, *bounds, per_class or len(labels)]
    return [
        np.flatnonzero((places >= low) & (places < high)) for low, high in zip(edges, edges[1:])
    ]


def extract(pixels, name, side, precision, folder):
    """float32 (N, 1280) features of uint8 pictures by the published network `name`; kept in `folder` as float16."""
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
