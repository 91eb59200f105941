"""Writes random weights and what a plain PyTorch network makes of them: the fixtures of DeepHidingTests.

Written from the description of the network (Haar wavelet, dense sub-modules, coupling blocks) and not from the engine or
from Training, so that the three can be held against each other. Run with one thread: the sums are then reproducible.

    OMP_NUM_THREADS=1 python3 make_random_golden.py
"""

import json
import struct
from pathlib import Path

import numpy as np
import torch
from torch.nn.functional import conv2d, leaky_relu, pad

BLOCKS, GROWTH, CLAMP = 2, 8, 2.0
SIZES = [(32, 32), (48, 80), (17, 23)]  # height, width
HERE = Path(__file__).resolve().parent


def wavelet(x):
    a, b = x[:, 0::2, 0::2], x[:, 1::2, 0::2]
    c, d = x[:, 0::2, 1::2], x[:, 1::2, 1::2]
    return torch.cat([(a + b + c + d) / 2, (-a - b + c + d) / 2, (-a + b - c + d) / 2, (a - b - c + d) / 2])


def inverse_wavelet(z):
    ll, hl, lh, hh = z[0:3], z[3:6], z[6:9], z[9:12]
    x = torch.zeros(3, 2 * z.shape[1], 2 * z.shape[2], dtype=z.dtype)
    x[:, 0::2, 0::2] = (ll - hl - lh + hh) / 2
    x[:, 1::2, 0::2] = (ll - hl + lh - hh) / 2
    x[:, 0::2, 1::2] = (ll + hl - lh - hh) / 2
    x[:, 1::2, 1::2] = (ll + hl + lh + hh) / 2
    return x


def dense(weights, name, x):
    features = x[None]
    for k in range(1, 6):
        out = conv2d(features, weights[f"{name}.conv{k}.weight"], weights[f"{name}.conv{k}.bias"], padding=1)
        if k == 5:
            return out[0]
        features = torch.cat([features, leaky_relu(out, 0.01)], 1)


def squash(s):
    return torch.exp(CLAMP * 2 * (torch.sigmoid(s) - 0.5))


def even(x):
    """Continues an odd side by reflection."""
    return pad(x[None], (0, x.shape[2] % 2, 0, x.shape[1] % 2), mode="reflect")[0]


def hide(weights, cover, secret):
    c, h = wavelet(even(cover)), wavelet(even(secret))
    for i in range(BLOCKS):
        c = c + dense(weights, f"blocks.{i}.phi", h)
        h = h * squash(dense(weights, f"blocks.{i}.rho", c)) + dense(weights, f"blocks.{i}.eta", c)
    return inverse_wavelet(c)[:, : cover.shape[1], : cover.shape[2]]


def reveal(weights, stego, noise):
    c, r = wavelet(even(stego)), noise
    for i in reversed(range(BLOCKS)):
        r = (r - dense(weights, f"blocks.{i}.eta", c)) / squash(dense(weights, f"blocks.{i}.rho", c))
        c = c - dense(weights, f"blocks.{i}.phi", r)
    return inverse_wavelet(r)[:, : stego.shape[1], : stego.shape[2]]


def random_weights(generator):
    weights = {}
    for i in range(BLOCKS):
        for name in ("phi", "rho", "eta"):
            for k in range(1, 6):
                inputs, outputs = 12 + (k - 1) * GROWTH, GROWTH if k < 5 else 12
                scale = 0.5 * (2 / (1 + 0.01**2) / (inputs * 9)) ** 0.5
                prefix = f"blocks.{i}.{name}.conv{k}"
                weights[f"{prefix}.weight"] = torch.randn(outputs, inputs, 3, 3, generator=generator) * scale
                weights[f"{prefix}.bias"] = torch.randn(outputs, generator=generator) * 0.05
    return weights


def write(path, tensors, metadata):
    header, body = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        data = np.ascontiguousarray(tensor.numpy(), dtype="<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


def main():
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(20)
    weights = random_weights(generator)
    metadata = {
        "format": "palimpsest-deep-hiding", "format_version": "1", "wavelet": "haar", "blocks": str(BLOCKS),
        "growth": str(GROWTH), "clamp": str(CLAMP), "licence": "CC0-1.0, random numbers", "training": "{}",
        "protection": "{}",
    }  # fmt: skip
    write(HERE / "random-weights.safetensors", weights, metadata)

    exact = {name: tensor.double() for name, tensor in weights.items()}
    vectors = {}
    for height, width in SIZES:
        cover = torch.rand(3, height, width, generator=generator)
        secret = torch.rand(3, height, width, generator=generator)
        size = f"{height}x{width}"
        vectors[f"cover_{size}"], vectors[f"secret_{size}"] = cover, secret
        x_ue = hide(exact, cover.double(), secret.double())
        vectors[f"x_ue_{size}"] = x_ue.float()
        if (height, width) != (48, 80):  # kept small
            shape = (12, (height + 1) // 2, (width + 1) // 2)
            noise = torch.randn(shape, generator=generator)
            vectors[f"noise_{size}"] = noise
            vectors[f"reveal_{size}"] = reveal(exact, x_ue.float().double(), noise.double()).float()
    write(HERE / "random-golden.safetensors", vectors, {"made_by": "make_random_golden.py"})


main()
