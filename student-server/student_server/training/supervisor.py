"""Turns queued jobs into trainer processes: one at a time per device, and each job until it ends."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..home import Home
from ..state.jobs import JobRecord, Jobs
from ..state.models import Models
from .cleanup import Leftovers, newest_checkpoint
from .examples import InvalidTrainingFile, read_examples
from .public_message import without_paths
from .task import STOPPED, TrainerTask

log = logging.getLogger(__name__)

_LOOK_EVERY_SECONDS = 0.2
_CLEAN_EVERY_SECONDS = 10.0
# A trainer that was asked to stop saves a checkpoint first.
_STOP_TIMEOUT_SECONDS = 20.0
# A job whose trainer dies this often without getting any further would die for ever.
_MOST_CRASHES = 3


@dataclass
class Trainer:
    job: str
    attempt: int
    process: subprocess.Popen[bytes]
    checkpoint: str | None
    """The newest one when it started."""
    stop_at: float | None = None
    """When it is killed, once it was asked to stop."""


@dataclass(frozen=True)
class TrainerSettings:
    devices: tuple[str, ...]
    """The first one serves too."""
    threads: int
    checkpoint_seconds: float
    disk_budget: int
    crash_pauses: tuple[float, ...] = (3.0, 15.0)
    """Seconds before another attempt, by crashes: whatever took the memory may be gone by then."""


class Supervisor:
    """Runs in a thread of its own: the kernel ends a trainer with the thread that started it."""

    def __init__(
        self,
        home: Home,
        jobs: Jobs,
        models: Models,
        settings: TrainerSettings,
        before: Callable[[], None] = lambda: None,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        """
        `before` a trainer starts where none is, and `after` the last one has ended: what must not be there meanwhile.
        Between two jobs `before` is called without an `after`.
        """
        self._home = home
        self._jobs = jobs
        self._leftovers = Leftovers(home, jobs, models)
        self._settings = settings
        self._before = before
        self._after = after
        # None: GPU occupancy is unknown. A killed server may have left a trainer or an engine on it, and a prompt may
        # have loaded the engine while a job trained.
        self._gpu_free: bool | None = None
        self._running: dict[str, Trainer] = {}
        self._crashes: dict[str, int] = {}
        self._not_before: dict[str, float] = {}
        """When the pause of a job ends whose trainer crashed."""
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wake(self) -> None:
        """Makes the supervisor check for work now."""
        self._wake.set()

    def close(self) -> None:
        """Stops the trainers, each with a checkpoint; the next server continues their jobs."""
        self._closing = True
        self.wake()
        self._thread.join(_STOP_TIMEOUT_SECONDS + 5)

    def _run(self) -> None:
        woken, clean_at = True, 0.0
        while not self._closing:
            self._try(self._look)
            # Scans all folders: when a job may have ended, and periodically for changes without notification.
            if woken or time.monotonic() > clean_at:
                clean_at = time.monotonic() + _CLEAN_EVERY_SECONDS
                self._try(self._leftovers.clean)
            woken = self._wake.wait(_LOOK_EVERY_SECONDS if self._running else 5 * _LOOK_EVERY_SECONDS)
            self._wake.clear()
        self._stop_all()

    def _try(self, part: Callable[[], None]) -> None:
        try:
            part()
        except Exception:
            # A full disk, a locked database: the next one may work, and serving goes on meanwhile.
            log.exception("The supervisor could not do its round.")

    def _look(self) -> None:
        for device in list(self._running):
            self._attend(device)
        self._take_back()
        for job in self._jobs.with_status("validating_files"):
            self._validate(job)
        # The one that serves comes last.
        for device in reversed(self._settings.devices):
            if device not in self._running:
                self._start_next(device)
        if not self._running:
            self._return_gpu()

    def _take_back(self) -> None:
        """Running jobs without a trainer: the server was restarted, or could not start one or record its end."""
        held = {trainer.job for trainer in self._running.values()}
        for job in self._jobs.with_status("running"):
            if job.id not in held:
                self._jobs.requeue(job.id, "It was left without a trainer; training goes on from the last checkpoint")

    def _free_gpu(self) -> None:
        """Before a job is taken: where there is no room it stays queued, and the next look tries again."""
        if self._gpu_free is not True:
            # Until it has succeeded: a failure, too, may have changed something.
            self._gpu_free = None
            self._before()
            self._gpu_free = True

    def _return_gpu(self) -> None:
        if self._gpu_free is not False:
            self._after()
            self._gpu_free = False

    def _validate(self, job: JobRecord) -> None:
        """Before it queues: a file that can't be read is known at once, also while another job trains."""
        for param in ("training_file", "validation_file"):
            file = job.request.get(param)
            if file is None:
                continue
            try:
                read_examples(self._home.files / file)
            except InvalidTrainingFile as error:
                self._jobs.fail(job.id, f"invalid_{param}", f"Invalid file {file}: {error}", param)
                return
            except FileNotFoundError:
                self._jobs.fail(job.id, f"invalid_{param}", f"Invalid file {file}: it is gone", param)
                return
        self._jobs.validated(job.id)

    def _start_next(self, device: str) -> None:
        for job in self._jobs.with_status("queued"):
            if time.monotonic() < self._not_before.get(job.id, 0.0):
                continue
            self._free_gpu()
            attempt = self._jobs.take(job.id)
            if attempt is None:
                continue
            folder = self._home.job(job.id)
            folder.mkdir(parents=True, exist_ok=True)
            self._running[device] = Trainer(
                job.id, attempt, self._spawn(job.id, attempt, device), newest_checkpoint(folder)
            )
            return

    def _spawn(self, job: str, attempt: int, device: str) -> subprocess.Popen[bytes]:
        settings = self._settings
        task = TrainerTask(
            home=self._home.root,
            job=job,
            attempt=attempt,
            parent=os.getpid(),
            device=device,
            threads=settings.threads,
            quantized=self._jobs.get(job).plan["recipe"]["quantization"] != "none",
            checkpoint_seconds=settings.checkpoint_seconds,
            disk_budget=settings.disk_budget,
        )
        environment = os.environ | {
            # Threads that spin while they wait starve whoever shares the cores.
            "OMP_WAIT_POLICY": "PASSIVE",
            "GOMP_SPINCOUNT": "0",
            "OMP_NUM_THREADS": str(settings.threads),
            "TOKENIZERS_PARALLELISM": "false",
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            "TRANSFORMERS_VERBOSITY": "error",
            # What cuBLAS needs to give the same sums twice.
            "CUBLAS_WORKSPACE_CONFIG": ":4096:8",
        }
        with (self._home.job(job) / "trainer.log").open("ab") as log_file:
            return subprocess.Popen(
                [sys.executable, "-m", "student_server.training.trainer", task.model_dump_json()],
                cwd=Path(__file__).parents[2],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log_file,
                stderr=subprocess.STDOUT,
            )

    def _attend(self, device: str) -> None:
        trainer = self._running[device]
        code = trainer.process.poll()
        if code is None:
            if not self._jobs.get(trainer.job).is_open:
                self._ask_to_stop(trainer)
            return
        del self._running[device]
        if not self._running:
            self._gpu_free = None
        if not self._jobs.get(trainer.job).is_open:
            pass
        elif code != STOPPED and self._crashed_too_often(trainer):
            last = _last_line(self._home.job(trainer.job) / "trainer.log")
            self._jobs.fail(
                trainer.job, "trainer_crashed", f"The trainer ended {_MOST_CRASHES} times with {code}: {last}"
            )
        else:
            self._jobs.requeue(trainer.job, f"The trainer ended with {code}; training goes on from the last checkpoint")
        self.wake()

    def _crashed_too_often(self, trainer: Trainer) -> bool:
        further = newest_checkpoint(self._home.job(trainer.job)) != trainer.checkpoint
        crashes = self._crashes[trainer.job] = 1 if further else self._crashes.get(trainer.job, 0) + 1
        if crashes >= _MOST_CRASHES:
            return True
        self._not_before[trainer.job] = time.monotonic() + self._settings.crash_pauses[crashes - 1]
        return False

    def _ask_to_stop(self, trainer: Trainer) -> None:
        if trainer.stop_at is None:
            trainer.stop_at = time.monotonic() + _STOP_TIMEOUT_SECONDS
            with suppress(ProcessLookupError):
                trainer.process.send_signal(signal.SIGTERM)
        elif time.monotonic() > trainer.stop_at:
            trainer.process.kill()

    def _stop_all(self) -> None:
        for trainer in self._running.values():
            self._ask_to_stop(trainer)
        for trainer in self._running.values():
            try:
                trainer.process.wait(_STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                trainer.process.kill()
                trainer.process.wait()
        self._running.clear()
        try:
            self._return_gpu()
        except Exception:
            # There is no next look; the next server tries again.
            log.exception("The supervisor could not give the room back.")


def _last_line(path: Path) -> str:
    with suppress(OSError):
        lines = path.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        if lines:
            # A longer one would take the pattern long, and this thread looks after all jobs.
            return without_paths(lines[-1][:2000])[:300]
    return "it left no log"
