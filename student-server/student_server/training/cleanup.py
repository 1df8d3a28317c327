"""What stays of a job's folder."""

import shutil
from pathlib import Path


def newest_checkpoint(job: Path) -> str | None:
    return max((path.name for path in (job / "checkpoints").glob("step-*")), default=None)


def drop_checkpoints(job: Path) -> None:
    """A job that has ended needs none; its log stays."""
    shutil.rmtree(job / "checkpoints", ignore_errors=True)
