"""The weights file of UGE: a deep-hiding network, and the field that its change is kept along."""

import hashlib

import torch
from safetensors import safe_open
from safetensors.torch import save

from ..partial import replace
from ..weights_file import stated
from .field import CARRIER, GAIN

HIDING, MASKED = "hiding.", "masked."
HIDING_FORMAT = "palimpsest-deep-hiding"
LICENCE = "Part of a licence; who has it can find the field of colours in it."


class WeightsError(Exception):
    """Why a file is not the deep-hiding network that a fit needs."""


def hiding(path):
    """Metadata and tensors of the network that hides without a mask; raises WeightsError."""
    try:
        with safe_open(str(path), "pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}
    except Exception as error:
        raise WeightsError(f"'{path}' is not a weights file: {error}.") from None
    if metadata.get("format") != HIDING_FORMAT:
        raise WeightsError(f"'{path}' is not a file of deep hiding, whose network the fit needs.")
    own = [
        {name: value for name, value in part.items() if not name.startswith(MASKED)}
        for part in (metadata, tensors)
    ]
    return {**own[0], "format_version": "1"}, own[1]


def write(path, base, field, training, protection=None):
    """Writes what `palimpsest protect --weights` takes for the method `uge`, whole or not at all.

    `base` is what `hiding` returns, `field` a tensor (tiles, tiles, 3). Returns the file's SHA-256.
    """
    metadata, tensors = base
    named = {HIDING + name: tensor for name, tensor in tensors.items()}
    content = save(
        {"field": field, "carrier": torch.from_numpy(CARRIER), **named},
        {
            "format": "palimpsest-uge",
            "format_version": "1",
            "gain": str(GAIN),
            "licence": LICENCE,
            **stated(training, protection),
            **{HIDING + name: text for name, text in metadata.items()},
        },
    )
    replace(path, content)
    return hashlib.sha256(content).hexdigest()
