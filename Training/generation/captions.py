"""Captions of photos: reads them and chooses the most distinct ones.

Captions are embedded and clustered by k-means. The most distinct clusters are chosen by
farthest-point sampling, and each is represented by the caption nearest its centre.
"""

import csv
import gzip
import io
import json
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.cluster.vq import kmeans2

PICTURES = {".jpg", ".jpeg", ".png", ".webp"}
RESTARTS = 4


class GenerationError(Exception):
    """The captions, photos or weights are unusable; the message says what is expected."""


class Caption(NamedTuple):
    """A sentence and the photo it describes."""

    text: str
    photo: Path


def load(captions, photos):
    """One caption for each photo of the folder that has one, sorted by the photo's path.

    The file is either a CSV (or .csv.gz) with the columns `image_id` and `prompt`, where a photo's
    name ends with its id (COCO's `COCO_val2014_000000203564.jpg`), or a JSON list of objects with
    `file` and `captions`.
    """
    captions, photos = Path(captions), Path(photos)
    if not photos.is_dir():
        raise GenerationError(
            f"'{photos}' is not a folder: name the one that holds the captioned photos"
        )
    places = {
        place.relative_to(photos): place
        for place in photos.rglob("*")
        if place.suffix.lower() in PICTURES
    }
    try:
        content = captions.read_bytes()
        if captions.suffix == ".gz":
            content = gzip.decompress(content)
        text = content.decode()
        pairs = (
            _from_json(text, places) if ".json" in captions.suffixes else _from_csv(text, places)
        )
    except (OSError, UnicodeDecodeError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise GenerationError(
            f"'{captions}' holds no captions in a known form ({error!r})"
        ) from error
    if not pairs:
        raise GenerationError(
            f"none of the captions in '{captions}' belongs to a photo in '{photos}'"
        )
    return [Caption(" ".join(text.split()), place) for place, text in sorted(pairs.items())]


def _from_csv(text, places):
    by_number = {
        int(number): place
        for name, place in places.items()
        if (number := name.stem.split("_")[-1]).isdigit()
    }
    pairs = {}
    for row in csv.DictReader(io.StringIO(text)):
        place = by_number.get(int(row["image_id"]))
        if place is not None:
            pairs.setdefault(place, row["prompt"])
    return pairs


def _from_json(text, places):
    return {
        places[Path(r["file"])]: r["captions"][0]
        for r in json.loads(text)
        if Path(r["file"]) in places
    }


def centres(embeddings, clusters, seed):
    """Centres (clusters, D) of the best of four k-means++ runs on unit vectors (N, D)."""
    best, least = None, np.inf
    for restart in range(RESTARTS):
        found, assigned = kmeans2(
            embeddings, clusters, iter=50, minit="++", seed=np.random.default_rng([seed, restart])
        )
        spread = ((embeddings - found[assigned]) ** 2).sum()
        if spread < least:
            best, least = found, spread
    return best


def farthest(points, count):
    """Indices of `count` points (N, D), each as far as possible in cosine from those before.

    The first has the largest mean distance to all.
    """
    unit = points / np.maximum(np.linalg.norm(points, axis=1, keepdims=True), 1e-12)
    distances = 1 - unit @ unit.T
    chosen = [int(distances.mean(1).argmax())]
    while len(chosen) < count:
        nearest = distances[:, chosen].min(1)
        nearest[chosen] = -1
        chosen.append(int(nearest.argmax()))
    return chosen


def choose(embeddings, classes, clusters, seed):
    """Indices of `classes` captions, one each from the most distinct of `clusters` clusters.

    `embeddings` are unit vectors (N, D).
    """
    if clusters < classes:
        raise GenerationError(
            f"{clusters} clusters cannot give {classes} classes: name at least as many"
        )
    if len(embeddings) < clusters:
        raise GenerationError(
            f"{len(embeddings)} captions cannot make {clusters} clusters: bring more, or name fewer"
        )
    middles = centres(embeddings, clusters, seed)
    chosen = []
    for centre in middles[farthest(middles, classes)]:
        likeness = embeddings @ centre
        likeness[chosen] = -np.inf
        chosen.append(int(likeness.argmax()))
    return chosen
