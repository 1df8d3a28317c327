"""
SIGKILL at any moment: the job goes on from its last checkpoint, to the bytes an undisturbed training ends with. One
undisturbed training serves all stories; the others are disturbed in the middle, not at a moment that suits them.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from server import PACKAGE, Server, lives, until
from workbench import rows

from student_server.training.lock import hold_job

# With dropout, so that random state has to survive too.
JOB = {
    "model": "tiny-llama:micro@lora",
    "seed": 3,
    "method": {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 60, "batch_size": 6}}},
    "metadata": {"baldistill_key": "story"},
}
STEPS = 60 * 24 // 6
OFTEN = ("--checkpoint-seconds", "0.1", "--trainer-threads", "1")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server(tmp_path, *OFTEN) as server:
        yield server


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with Server(tmp_path_factory.mktemp("undisturbed"), *OFTEN) as server:
        job = server.create(rows(), **JOB)
        ended = server.ended(job)
        assert ended["status"] == "succeeded", ended
        return weights(server, job)


def weights(server: Server, job: str) -> bytes:
    return (server.home / "models" / job / "adapter_model.safetensors").read_bytes()


def check_the_end(server: Server, job: str, undisturbed: bytes) -> None:
    ended = server.ended(job)
    assert ended["status"] == "succeeded", ended
    assert weights(server, job) == undisturbed
    steps = [event["data"]["step"] for event in server.events(job) if event["type"] == "metrics"]
    # Reported once each and in order, although some were trained twice.
    assert steps == list(range(10, STEPS + 1, 10))
    # The client that lost its server asks again, and finds what there is.
    assert server.create(rows(), **JOB) == job
    assert len(server.client.get("fine_tuning/jobs").json()["data"]) == 1
    until(lambda: not (server.home / "jobs" / job / "checkpoints").exists())


def test_a_server_that_is_killed_three_times_takes_its_trainer_along_and_loses_nothing(
    server: Server, undisturbed: bytes
) -> None:
    job = server.create(rows(), **JOB)
    for _ in range(3):
        before = server.checkpoint(job)
        until(lambda before=before: server.checkpoint(job) > before)
        trainer = server.trainer(job)
        assert trainer is not None
        server.kill()
        # It lived when its server died, and does not outlive it.
        until(lambda trainer=trainer: not lives(trainer), 5)
        server.start()
    check_the_end(server, job, undisturbed)
    resumed = [event for event in server.events(job) if event["message"].startswith("Resumed from")]
    assert len(resumed) == 3


def test_a_trainer_that_is_killed_alone_is_started_again(server: Server, undisturbed: bytes) -> None:
    job = server.create(rows(), **JOB)
    until(lambda: server.checkpoint(job) > 0)
    server.kill_trainer(job)
    check_the_end(server, job, undisturbed)


def test_a_trainer_waits_for_a_job_that_another_one_holds(tmp_path: Path) -> None:
    """What would happen if a trainer outlived its server after all."""
    held = hold_job(tmp_path)
    code = "import sys; from pathlib import Path; from student_server.training.lock import *\n"
    code += "try: hold_job(Path(sys.argv[1]), timeout=0.2)\nexcept JobInUse: sys.exit(75)"
    second = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=PACKAGE, check=False)
    assert (held >= 0, second.returncode) == (True, 75)
