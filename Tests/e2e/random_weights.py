"""Writes a small weights file with random numbers: the right shapes and metadata, no protection.

The end-to-end tests look at the service, not at the network, so they need no trained weights.
"""

import json
import sys

import numpy as np
from safetensors.numpy import save_file

BLOCKS = 2
GROWTH = 4
CHANNELS = 12


def tensors(seed):
    random = np.random.default_rng(seed)
    for block in range(BLOCKS):
        for module in ("phi", "rho", "eta"):
            for number in range(1, 6):
                inputs = CHANNELS + GROWTH * (number - 1)
                outputs = CHANNELS if number == 5 else GROWTH
                name = f"blocks.{block}.{module}.conv{number}"
                weight = 0.05 * random.standard_normal((outputs, inputs, 3, 3))
                yield f"{name}.weight", weight.astype(np.float32)
                yield f"{name}.bias", (0.05 * random.standard_normal(outputs)).astype(np.float32)


def write(path, seed=1):
    metadata = {
        "format": "palimpsest-deep-hiding",
        "format_version": "1",
        "blocks": str(BLOCKS),
        "growth": str(GROWTH),
        "clamp": "2.0",
        "wavelet": "haar",
        "licence": "random numbers for tests",
        "training": json.dumps({}),
        "protection": json.dumps({}),
    }
    save_file(dict(tensors(seed)), str(path), metadata=metadata)


if __name__ == "__main__":
    write(sys.argv[1])
