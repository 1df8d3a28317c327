"""A server as a process of its own, to be killed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import httpx
from workbench import BASE, jsonl

PACKAGE = Path(__file__).parents[1]


def until(happened: Callable[[], Any], seconds: float = 120) -> Any:
    """Polls for something another process does; gives what it came to."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if result := happened():
            return result
        time.sleep(0.02)
    raise AssertionError(f"It did not happen within {seconds} s.")


class Server:
    def __init__(self, home: Path, *words: str) -> None:
        self.home = home
        self._words = words
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "student_server", "--home", str(self.home), "--base", BASE, *self._words],
            cwd=PACKAGE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert "listens on " in line, line
        self.client = httpx.Client(base_url=line.split()[-1], timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def kill(self) -> None:
        """The server alone, as the kernel would for want of memory."""
        self._process.kill()
        self._process.wait()
        self.client.close()

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(30)
        self.client.close()

    def create(self, rows: list[Any], **more: Any) -> str:
        upload = self.client.post("files", files={"file": ("t.jsonl", jsonl(rows))}, data={"purpose": "fine-tune"})
        body = {"model": BASE, "training_file": upload.json()["id"], **more}
        answer = self.client.post("fine_tuning/jobs", json=body)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def job(self, job: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"fine_tuning/jobs/{job}").json()
        return found

    def events(self, job: str) -> list[dict[str, Any]]:
        listed = self.client.get(f"fine_tuning/jobs/{job}/events", params={"limit": 1000}).json()
        return list(reversed(listed["data"]))

    def ended(self, job: str) -> dict[str, Any]:
        def over() -> dict[str, Any] | None:
            found = self.job(job)
            return found if found["status"] in ("succeeded", "failed", "cancelled") else None

        return until(over)  # type: ignore[no-any-return]

    def trainer(self, job: str) -> int | None:
        """The process that holds a job, if one does and lives."""
        try:
            pid = int((self.home / "jobs" / job / "trainer.lock").read_text())
        except (OSError, ValueError):
            return None
        return pid if lives(pid) else None

    def checkpoint(self, job: str) -> int:
        """Step of the newest one; 0 where there is none."""
        names = [path.name for path in (self.home / "jobs" / job / "checkpoints").glob("step-*")]
        return max((int(name.removeprefix("step-")) for name in names), default=0)

    def kill_trainer(self, job: str) -> None:
        trainer = until(lambda: self.trainer(job))
        os.kill(trainer, signal.SIGKILL)
        until(lambda: not lives(trainer))


def lives(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    # A process that is gone but not yet waited for does nothing any more.
    return status.rpartition(")")[2].split()[0] != "Z"
