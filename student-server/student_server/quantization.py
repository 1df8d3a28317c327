"""The package that holds weights in 4 bits: whether it is here, told without loading PyTorch, and how to do without."""

import sys
from importlib.metadata import PackageNotFoundError, version

_PACKAGE = "bitsandbytes"
NOT_QUANTIZED = (
    f"quantization: nf4 needs the package {_PACKAGE}, which this server's environment lacks. Take the recipe lora."
)


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
