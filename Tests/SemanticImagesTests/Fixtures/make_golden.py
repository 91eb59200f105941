"""Writes golden.safetensors: semantic images drawn by the reference generator in Training.

Run from the repository's root: .venv/bin/python Tests/SemanticImagesTests/Fixtures/make_golden.py
Tensor names are family_class_texture, shapes (3, height, width), float32.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "Training"))

from deephiding.semantic_images import semantic_image  # noqa: E402

CASES = [
    (0, 0, 0, 32, 32),
    (7, 3, 11, 32, 32),
    (2**64 - 1, 65_535, 2**63 + 5, 40, 24),
    (123456789, 12, 987654321, 64, 96),
]

tensors = {
    f"{family}_{index}_{texture}": torch.from_numpy(semantic_image(family, index, texture, width, height))
    for family, index, texture, width, height in CASES
}
save_file(tensors, str(HERE / "golden.safetensors"))
