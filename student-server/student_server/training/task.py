"""Arguments of a trainer process, as one JSON argument of its command line."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict


class TrainerTask(BaseModel):
    model_config = ConfigDict(frozen=True)

    home: Path
    job: str
    attempt: int
    parent: int
    """Process that started it."""
    device: str
    threads: int
    quantized: bool = False
    """Whether the recipe holds weights in 4 bits."""
    checkpoint_seconds: float
    disk_budget: int
    """Most bytes that checkpoints of all jobs may take."""


# Exit status of a trainer without an error: it was asked to stop, or another process has the job.
STOPPED = 75
