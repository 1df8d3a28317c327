"""Whether weights can be held in 4 bits here, told without loading PyTorch."""

from importlib.util import find_spec

NOT_QUANTIZED = (
    "quantization: nf4 needs the package bitsandbytes, which this server's environment lacks. Take the recipe lora."
)


def can_quantize() -> bool:
    """Other systems than Linux get no bitsandbytes (requirements.in)."""
    return find_spec("bitsandbytes") is not None
