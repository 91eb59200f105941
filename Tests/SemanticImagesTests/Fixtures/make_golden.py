"""Writes golden-VERSION.safetensors: semantic images drawn by the references in Training.

Run from the repository's root: .venv/bin/python Tests/SemanticImagesTests/Fixtures/make_golden.py
Tensor names are family_class_texture, shapes (3, height, width), float32.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "Training"))

from deephiding.collage import collage  # noqa: E402
from deephiding.semantic_images import semantic_image  # noqa: E402

CASES = [
    (0, 0, 0, 32, 32),
    (7, 3, 11, 32, 32),
    (2**64 - 1, 65_535, 2**63 + 5, 40, 24),
    (123456789, 12, 987654321, 64, 96),
]

for version, draw in ((2, semantic_image), (3, collage)):
    tensors = {
        f"{family}_{index}_{texture}": torch.from_numpy(draw(family, index, texture, width, height))
        for family, index, texture, width, height in CASES
    }
    save_file(tensors, str(HERE / f"golden-{version}.safetensors"))
