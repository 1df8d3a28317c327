"""The supervisor when something of the machine fails: no job is left without a trainer."""

import os
import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from server import until
from workbench import Workbench

from student_server.training.cleanup import Leftovers
from student_server.training.lock import hold_job
from student_server.training.supervisor import Supervisor


@pytest.fixture
def supervisor(bench: Workbench) -> Iterator[Supervisor]:
    supervisor = bench.services.supervisor
    supervisor._settings = replace(supervisor._settings, crash_pauses=(0.0, 0.0))
    yield supervisor
    supervisor.close()


def test_a_job_whose_trainer_could_not_be_started_is_tried_again(bench: Workbench, supervisor: Supervisor) -> None:
    job = bench.create(hyperparameters={"n_epochs": 1}).json()["id"]
    in_the_way = bench.home.job(job) / "trainer.log"
    in_the_way.mkdir(parents=True)
    supervisor.start()
    until(lambda: bench.services.jobs.get(job).attempts == 2)
    in_the_way.rmdir()
    until(lambda: not bench.services.jobs.get(job).is_open)
    assert bench.job(job)["status"] == "succeeded"
    assert any("without a trainer" in event["message"] for event in bench.events(job))


def test_a_database_that_is_locked_at_the_start_does_not_end_the_supervisor(
    bench: Workbench, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.create().json()["id"]
    bench.services.jobs.validated(job)
    assert bench.services.jobs.take(job) == 1
    with_status = bench.services.jobs.with_status
    asked: list[str] = []

    def locked_once(status: str) -> Any:
        asked.append(status)
        if len(asked) == 1:
            raise sqlite3.OperationalError("database is locked")
        return with_status(status)

    monkeypatch.setattr(bench.services.jobs, "with_status", locked_once)
    supervisor.start()
    until(lambda: bench.services.jobs.get(job).attempts == 2)


def test_a_trainer_whose_end_could_not_be_told_does_not_keep_its_job(
    bench: Workbench, supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = bench.create().json()["id"]
    requeue = bench.services.jobs.requeue
    reported: list[str] = []

    def locked_once(job: str, why: str) -> None:
        reported.append(why)
        if len(reported) == 1:
            raise sqlite3.OperationalError("database is locked")
        requeue(job, why)

    monkeypatch.setattr(bench.services.jobs, "requeue", locked_once)
    supervisor.start()
    trainer = until(lambda: next(iter(supervisor._running.values()), None))
    trainer.process.kill()
    until(lambda: bench.services.jobs.get(job).attempts == 2)
    assert len(reported) == 2


def test_a_trainer_that_crashes_is_given_a_pause_and_others_their_turn(
    bench: Workbench, supervisor: Supervisor
) -> None:
    supervisor._settings = replace(supervisor._settings, crash_pauses=(1e9,))
    first, second = (bench.create(metadata={"n": n}).json()["id"] for n in ("1", "2"))
    supervisor.start()
    trainer = until(lambda: next(iter(supervisor._running.values()), None))
    assert trainer.job == first
    trainer.process.kill()
    until(lambda: bench.services.jobs.get(second).attempts == 1)
    waiting = bench.services.jobs.get(first)
    assert (waiting.status, waiting.attempts) == ("queued", 1)
    # It is its pause that it waits for.
    supervisor._not_before[first] = 0.0
    bench.client.post(f"/v1/fine_tuning/jobs/{second}/cancel")
    until(lambda: bench.services.jobs.get(first).attempts == 2)


def test_a_job_whose_trainer_crashes_three_times_has_failed_and_says_no_path(
    bench: Workbench, supervisor: Supervisor
) -> None:
    job = bench.create().json()["id"]
    (bench.home.job(job) / "trainer.lock").mkdir(parents=True)
    supervisor.start()
    until(lambda: not bench.services.jobs.get(job).is_open)
    error = bench.job(job)["error"]
    assert (error["code"], bench.services.jobs.get(job).attempts) == ("trainer_crashed", 3)
    assert error["message"].endswith("Is a directory: 'trainer.lock'")
    assert str(bench.home.root) not in str(bench.events(job))


def test_room_is_made_anew_for_every_trainer(bench: Workbench, supervisor: Supervisor) -> None:
    """Who was answered while the one before it trained has brought weights back."""
    calls: list[str] = []
    supervisor._before = lambda: calls.append("before")
    job = bench.create().json()["id"]
    # Every attempt crashes at once.
    (bench.home.job(job) / "trainer.lock").mkdir(parents=True)
    supervisor.start()
    until(lambda: not bench.services.jobs.get(job).is_open)
    assert calls == ["before"] * bench.services.jobs.get(job).attempts == ["before"] * 3


def test_the_device_that_serves_is_the_last_to_train(tmp_path: Path) -> None:
    with Workbench(tmp_path / "home", ("--device", "cpu:0")) as bench:
        assert bench.settings.devices == ("cpu", "cpu:0")
        bench.create()
        bench.services.supervisor.start()
        assert until(lambda: list(bench.services.supervisor._running)) == ["cpu:0"]
        bench.services.supervisor.close()


def test_what_a_job_without_a_trainer_left_is_removed_at_the_start(bench: Workbench, supervisor: Supervisor) -> None:
    """It stopped with a checkpoint, was queued again, and then cancelled: no trainer ends any more."""
    job = bench.create().json()["id"]
    bench.train(job, stop_after=3)
    bench.services.jobs.requeue(job, "stopped")
    assert (bench.home.job(job) / "checkpoints" / "step-00000003").exists()
    bench.client.post(f"/v1/fine_tuning/jobs/{job}/cancel")
    supervisor.start()
    until(lambda: not (bench.home.job(job) / "checkpoints").exists())
    assert bench.home.job(job).exists()


def test_only_what_no_job_and_no_trainer_needs_is_removed(bench: Workbench) -> None:
    succeeded = bench.trained(hyperparameters={"n_epochs": 1})["id"]
    cancelled, waiting = (bench.create(metadata={"n": n}).json()["id"] for n in ("1", "2"))
    bench.services.jobs.cancel(cancelled)
    left = [
        folder
        for job in (cancelled, waiting)
        for folder in (
            bench.home.job(job) / "checkpoints",
            bench.home.model(job),
            bench.home.models / f".unfinished-{job}-17",
        )
    ]
    # Not created here, so not removed.
    left.append(bench.home.model("backup"))
    for folder in left:
        folder.mkdir(parents=True)
        (folder / "something").touch()

    leftovers = Leftovers(bench.home, bench.services.jobs, bench.services.models)
    held = hold_job(bench.home.job(cancelled))
    leftovers.clean()
    assert all((folder / "something").exists() for folder in left)
    os.close(held)
    leftovers.clean()
    assert [folder for folder in left if folder.exists()] == left[3:]
    assert bench.weights(succeeded)
    assert (bench.home.job(cancelled) / "trainer.lock").read_text() == ""


@pytest.mark.parametrize(
    ("devices", "reported"),
    [
        (("cuda:0",), ["begins", "ended"]),
        # There is room on another GPU, or in the memory of the machine.
        (("cuda:0", "cuda:1"), []),
        (("cpu",), []),
    ],
)
def test_an_engine_that_shares_its_gpu_with_the_trainer_is_told(
    tmp_path: Path, devices: tuple[str, ...], reported: list[str]
) -> None:
    calls: list[str] = []

    class Engine:
        def training_begins(self) -> None:
            calls.append("begins")

        def training_ended(self) -> None:
            calls.append("ended")

        def close(self) -> None:
            pass

    more = tuple(word for device in devices[1:] for word in ("--device", device))
    with Workbench(tmp_path / "home", more, device=devices[0]) as bench:
        supervisor = bench.services.supervisor
        # One that is not open holds nothing, and is not opened for this.
        supervisor._free_gpu()
        supervisor._return_gpu()
        assert (calls, bench.services.engine.opened()) == ([], None)
        bench.services.engine._opens = Engine  # type: ignore[assignment]
        bench.services.engine.get()
        supervisor._free_gpu()
        supervisor._return_gpu()
        assert calls == reported
