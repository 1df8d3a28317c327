"""Devices of this machine, found without loading PyTorch."""

import os
from importlib.metadata import version
from pathlib import Path


def find_devices() -> list[str]:
    """Every NVIDIA GPU that may be used here, else the CPU, the only device of PyTorch's CPU build."""
    if version("torch").endswith("+cpu"):
        return ["cpu"]
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        count = len([name for name in visible.split(",") if name.strip() not in ("", "-1")])
    else:
        count = len([path for path in Path("/dev").glob("nvidia*") if path.name.removeprefix("nvidia").isdigit()])
    return [f"cuda:{index}" for index in range(count)] or ["cpu"]
