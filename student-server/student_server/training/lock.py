"""One trainer on one job, and none that outlives its server."""

import ctypes
import fcntl
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_PR_SET_PDEATHSIG = 1


class JobInUse(Exception):
    """Another trainer still has the job."""


def die_with(parent: int) -> None:
    """The kernel ends this process with the server that started it, also when that one is killed."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    # It may have died before we asked.
    if os.getppid() != parent:
        os._exit(1)


def hold_job(folder: Path, timeout: float = 30.0) -> int:
    """Takes the job until this process ends. A predecessor that was just killed gets a moment to be gone."""
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / "trainer.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    until = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                os.close(handle)
                raise JobInUse(str(folder)) from None
            time.sleep(0.05)
        else:
            os.ftruncate(handle, 0)
            os.write(handle, str(os.getpid()).encode())
            return handle


@contextmanager
def job_alone(folder: Path) -> Iterator[None]:
    """Holds a job for a moment, without waiting for it. Throws `JobInUse`."""
    handle = hold_job(folder, timeout=0)
    try:
        yield
    finally:
        # This process must not be mistaken for its trainer.
        os.ftruncate(handle, 0)
        os.close(handle)
