"""bfloat16 where the machine multiplies it faster than float32."""

from contextlib import nullcontext
from functools import cache
from pathlib import Path

import torch


@cache
def is_fast(device):
    """Whether `device`, `cpu` or `cuda`, is faster in bfloat16."""
    if device == "cuda":
        return True
    try:
        return "avx512_bf16" in Path("/proc/cpuinfo").read_text()
    except OSError:
        return False


def fast(device):
    """A context of products in bfloat16, or of none in particular."""
    return torch.autocast(device, torch.bfloat16) if is_fast(device) else nullcontext()
