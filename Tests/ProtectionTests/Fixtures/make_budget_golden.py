"""Writes budget-golden.safetensors: the perceptual budget of the reference in Training.

Run from the repository's root: .venv/bin/python Tests/ProtectionTests/Fixtures/make_budget_golden.py
The cover has even ground of many colours, a lone edge, and texture; the change is noise. All are
(3, 24, 40), float32: cover and change in [-1, 1], amplitudes in levels, limited as the change.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[2] / "Training"))

from deephiding import budget  # noqa: E402

HEIGHT, WIDTH = 24, 40

generator = torch.Generator().manual_seed(3)
y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
cover = torch.stack([x / WIDTH, y / HEIGHT, (x + y) / (HEIGHT + WIDTH)])
cover[:, :, 12:] = torch.rand(3, HEIGHT // 4, 28 // 4, generator=generator).repeat_interleave(
    4, 1
).repeat_interleave(4, 2)
cover[:, 12:, 20:] += 0.2 * (torch.rand(3, 12, 20, generator=generator) - 0.5)
cover[:, :3, :3], cover[:, :3, 3:6] = 0, 1
cover = cover.clamp(0, 1)
change = 0.05 * torch.randn(3, HEIGHT, WIDTH, generator=generator)
save_file(
    {
        "cover": cover,
        "change": change,
        "amplitudes": budget.amplitudes(cover[None].double())[0].float().contiguous(),
        "limited": budget.limited(change[None].double(), cover[None].double(), strength=0.5)[0]
        .float()
        .contiguous(),
    },
    str(HERE / "budget-golden.safetensors"),
)
