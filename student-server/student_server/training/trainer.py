"""The process that trains one job: `python -m student_server.training.trainer TASK`. It may be killed at any moment."""

import signal
import sys

from ..quantization import leave_out as leave_out_quantization
from .lock import JobInUse, die_with, hold_job
from .task import STOPPED, TrainerTask


def main(words: list[str]) -> int:
    task = TrainerTask.model_validate_json(words[0])
    die_with(task.parent)
    stop = StopSignal()
    try:
        # Before anything is read: two trainers would write over each other's checkpoints.
        hold_job(task.home / "jobs" / task.job)
    except JobInUse:
        print("another trainer still has this job", flush=True)
        return STOPPED
    if not task.quantized:
        leave_out_quantization()
    # Imported after the lock is held: it takes seconds, and the lock shows that the job has a trainer.
    from .train_job import train_job

    return 0 if train_job(task, stop.asked) else STOPPED


class StopSignal:
    """SIGTERM ends training at the next step, with a checkpoint."""

    def __init__(self) -> None:
        self._asked = False
        signal.signal(signal.SIGTERM, self._ask)
        # Ctrl+C reaches the whole group; the server decides when its trainers stop.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def asked(self) -> bool:
        return self._asked

    def _ask(self, *_: object) -> None:
        self._asked = True


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
