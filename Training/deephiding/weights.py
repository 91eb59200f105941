"""The weights file: safetensors whose metadata describes the network completely."""

import hashlib
import json
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from .network import HidingNetwork

FORMAT = "palimpsest-deep-hiding"


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


def load(path):
    """The network in `path`, ready to hide, and its metadata."""
    with safe_open(str(path), "pt") as file:
        metadata = file.metadata() or {}
        if metadata.get("format") != FORMAT:
            raise ValueError(f"'{path}' is not a {FORMAT} file")
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    network = HidingNetwork(
        int(metadata["blocks"]), int(metadata["growth"]), float(metadata["clamp"])
    )
    network.load_state_dict(tensors)
    return network.eval(), metadata


def tensors_sha256(path):
    """SHA-256 of the tensors alone, so that results stay attributable when the metadata changes."""
    data = Path(path).read_bytes()
    return hashlib.sha256(data[8 + int.from_bytes(data[:8], "little") :]).hexdigest()


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
