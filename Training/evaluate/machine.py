"""The machine that a figure was measured on."""

import platform
from pathlib import Path

import torch


def processor():
    """Name of the processor that trains: the GPU if there is one."""
    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
