"""The folder that holds everything the server must not forget."""

import fcntl
import os
from dataclasses import dataclass
from pathlib import Path

from .durable import sweep


class HomeInUse(Exception):
    """Two servers in one folder would start two trainers on one job."""


@dataclass(frozen=True)
class Home:
    root: Path

    @property
    def database(self) -> Path:
        return self.root / "student.sqlite"

    @property
    def files(self) -> Path:
        return self.root / "files"

    @property
    def jobs(self) -> Path:
        return self.root / "jobs"

    @property
    def models(self) -> Path:
        return self.root / "models"

    @property
    def bases(self) -> Path:
        """Base models that were built here from a blueprint; they can be made again."""
        return self.root / "bases"

    def job(self, job: str) -> Path:
        return self.jobs / job

    def model(self, folder: str) -> Path:
        return self.models / folder

    def prepare(self) -> None:
        for folder in (self.files, self.jobs, self.models, self.bases):
            folder.mkdir(parents=True, exist_ok=True)

    def claim(self) -> int:
        """Takes the folder for this process until it ends, and clears up after one that was killed."""
        self.prepare()
        handle = os.open(self.root / "server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            raise HomeInUse(f"Another student server works in {self.root}.") from None
        # A dying trainer of the server before may still write into models and bases: only uploads are surely ours.
        sweep(self.files)
        return handle
