"""The package for 4-bit weights: whether it is installed, and how to block its import."""

import sys
from importlib.metadata import PackageNotFoundError, version

_PACKAGE = "bitsandbytes"
NOT_QUANTIZED = f"quantization: nf4 needs the package {_PACKAGE}, which is not installed here. Use the recipe lora."


def can_quantize() -> bool:
    """Other systems than Linux do not get it (requirements.in)."""
    try:
        version(_PACKAGE)
    except PackageNotFoundError:
        return False
    return True


def leave_out() -> None:
    """
    For a process that quantizes nothing: peft loads the package wherever it finds it, which takes seconds and starts
    programs that look for GPUs. An entry of None says that there is none (Python's import system, "The module cache").
    """
    sys.modules[_PACKAGE] = None  # type: ignore[assignment]
