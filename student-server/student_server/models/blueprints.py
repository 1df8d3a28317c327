"""Llamas small enough for a CPU, built from a config: a student where no weights can be had (docs in README)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Blueprint:
    layers: int
    width: int
    heads: int
    hidden: int
    vocabulary: int
    """Most tokens; a tokenizer trained on few texts has fewer."""
    context: int


BLUEPRINTS = {
    # For tests: learns a handful of sentences in seconds.
    "tiny-llama:micro": Blueprint(layers=1, width=48, heads=4, hidden=128, vocabulary=600, context=1024),
    "tiny-llama:small": Blueprint(layers=2, width=128, heads=4, hidden=352, vocabulary=2048, context=4096),
    "tiny-llama:large": Blueprint(layers=4, width=256, heads=8, hidden=704, vocabulary=4096, context=4096),
}
DEFAULT_BASES = ("tiny-llama:small", "tiny-llama:large")


def is_blueprint(source: str) -> bool:
    return source in BLUEPRINTS
