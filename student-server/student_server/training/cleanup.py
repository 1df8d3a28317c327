"""What stays of a job: its log and its model. The rest goes once it has ended, however it ended."""

import re
import shutil
from pathlib import Path

from ..durable import UNFINISHED, sweep
from ..home import Home
from ..state.jobs import Jobs
from ..state.models import Models
from .lock import JobInUse, job_alone

_UNFINISHED_MODEL = re.compile(rf"{re.escape(UNFINISHED)}(.+)-[0-9]+")


def newest_checkpoint(job: Path) -> str | None:
    return max((path.name for path in (job / "checkpoints").glob("step-*")), default=None)


class Leftovers:
    """
    Found on the disk, not by notification: server and trainer may be killed right after a job's end.
    """

    def __init__(self, home: Home, jobs: Jobs, models: Models) -> None:
        self._home = home
        self._jobs = jobs
        self._models = models

    def clean(self) -> None:
        for job in sorted(self._suspects()):
            # A job that has ended stays so. Folders that belong to no job are not ours.
            if not self._jobs.has_ended(job):
                continue
            try:
                with job_alone(self._home.job(job)):
                    self._drop(job)
            except JobInUse:
                # Its trainer has not noticed yet, and may still write. A later look finds what it leaves.
                continue

    def _suspects(self) -> set[str]:
        """Names of what may be jobs with something left."""
        models = {path.name for path in self._home.models.iterdir()}
        unfinished = {found[1] for name in models if (found := _UNFINISHED_MODEL.fullmatch(name))}
        checkpoints = {path.parent.name for path in self._home.jobs.glob("*/checkpoints")}
        return checkpoints | unfinished | models - self._models.folders()

    def _drop(self, job: str) -> None:
        shutil.rmtree(self._home.job(job) / "checkpoints", ignore_errors=True)
        sweep(self._home.models, job)
        # Written, and then the job was cancelled; or its model was deleted and the server killed.
        if job not in self._models.folders():
            shutil.rmtree(self._home.model(job), ignore_errors=True)
