"""The learning rate of a step: a pure function, so a resumed job has nothing to remember."""

import math
from typing import Literal


def rate_factor(step: int, total: int, schedule: Literal["constant", "linear", "cosine"], warmup: float) -> float:
    """Of the step about to be taken, counted from 0."""
    rising = math.ceil(warmup * total)
    if step < rising:
        return (step + 1) / rising
    if schedule == "constant":
        return 1.0
    done = (step - rising) / max(1, total - rising)
    return 1 - done if schedule == "linear" else (1 + math.cos(math.pi * done)) / 2
