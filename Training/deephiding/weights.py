"""The weights file: safetensors whose metadata describes the network completely."""

import hashlib
import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save as serialized
from safetensors.torch import save_file

from .network import HidingNetwork

FORMAT = "palimpsest-deep-hiding"
# What begins the names of the network that hides under the mask of photos, in a pair.
MASKED = "masked."


def save(path, network, training, protection, licence, use=None):
    """Writes the network; the dictionaries `training` and `protection` are stored as JSON.

    `use` tells how the product uses it: the `gain` of its change, the version of its
    `semantic_images`, and its `photo_mask`.
    """
    tensors = {
        name: tensor.detach().float().cpu().contiguous()
        for name, tensor in network.state_dict().items()
    }
    metadata = {
        "format": FORMAT,
        "format_version": "1",
        "wavelet": "haar",
        **{name: str(value) for name, value in network.configuration.items()},
        "training": json.dumps(training, sort_keys=True),
        "protection": json.dumps(protection, sort_keys=True),
        "licence": licence,
        **{name: str(value) for name, value in (use or {}).items()},
    }
    save_file(tensors, str(path), metadata)


def load(path, masked=False):
    """The network in `path`, ready to hide, and its metadata.

    Of a pair it is the one that hides without a mask, or under the mask of photos if `masked`.
    """
    metadata, tensors = _read(path)
    parts = _parts(metadata, tensors)
    metadata, tensors = parts[1] if masked and parts[1][0] else parts[0]
    network = HidingNetwork(
        int(metadata["blocks"]), int(metadata["growth"]), float(metadata["clamp"])
    )
    network.load_state_dict(tensors)
    return network.eval(), metadata


def _read(path):
    with safe_open(str(path), "pt") as file:
        metadata = file.metadata() or {}
        if metadata.get("format") != FORMAT:
            raise ValueError(f"'{path}' is not a {FORMAT} file")
        return metadata, {name: file.get_tensor(name) for name in file.keys()}


def _parts(*values):
    """What is not, and what is, the network's under the mask of photos, of each dictionary."""
    own = [
        {name: value for name, value in part.items() if not name.startswith(MASKED)}
        for part in values
    ]
    masked = [
        {name[len(MASKED) :]: value for name, value in part.items() if name.startswith(MASKED)}
        for part in values
    ]
    return own, masked


def pair(path, unmasked, masked, protection=""):
    """Joins two weights files of one network each: without a mask, and under the mask of photos.

    Licence and training of both stay in the file; `protection` is the JSON measured for the pair.
    """
    (metadata, tensors), (theirs, others) = _read(unmasked), _read(masked)
    for name, found in ((unmasked, metadata), (masked, theirs)):
        if found.get("format_version") != "1":
            raise ValueError(f"'{name}' is a pair already: name a file of one network")
    save_file(
        {**tensors, **{MASKED + name: tensor for name, tensor in others.items()}},
        str(path),
        {
            **metadata,
            "format_version": "2",
            "protection": protection or metadata.get("protection", ""),
            **{MASKED + name: value for name, value in theirs.items()},
        },
    )


def tensors_sha256(path):
    """SHA-256 of the tensors alone, so that results stay attributable when the metadata changes."""
    return _data_sha256(Path(path).read_bytes())


def _data_sha256(file):
    return hashlib.sha256(file[8 + int.from_bytes(file[:8], "little") :]).hexdigest()


def stated(path):
    """The networks of a file in words, each by the start of its hash, for the foot of a table."""
    own, masked = network_sha256(path)[:12], network_sha256(path, masked=True)[:12]
    if own == masked:
        return f"weights whose tensors have the SHA-256 {own}…"
    return f"networks whose tensors have the SHA-256 {own}… without a mask and {masked}… under it"


def network_sha256(path, masked=False):
    """`tensors_sha256` of a file that holds nothing but the network that `load` returns."""
    metadata, tensors = _read(path)
    parts = _parts(metadata, tensors)
    if not parts[1][0]:
        return tensors_sha256(path)
    return _data_sha256(serialized(parts[masked][1]))


def golden(network, pairs):
    """Golden vectors for other engines: cover, secret and delta, (3, H, W), of each pair."""
    vectors = {}
    with torch.no_grad():
        for cover, secret in pairs:
            size = f"{cover.shape[1]}x{cover.shape[2]}"
            protected, _ = network.hide(cover[None], secret[None])
            vectors |= {
                f"cover_{size}": cover,
                f"secret_{size}": secret,
                f"delta_{size}": protected[0] - cover,
            }
    return {name: tensor.contiguous() for name, tensor in vectors.items()}
