"""The supervisor when something of the machine fails: no job is left without a trainer."""

import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from server import until
from workbench import Workbench

from student_server.training.supervisor import Supervisor


@pytest.fixture
def supervisor(bench: Workbench) -> Iterator[Supervisor]:
    yield bench.services.supervisor
    bench.services.supervisor.close()


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
    told: list[str] = []

    def locked_once(job: str, why: str) -> None:
        told.append(why)
        if len(told) == 1:
            raise sqlite3.OperationalError("database is locked")
        requeue(job, why)

    monkeypatch.setattr(bench.services.jobs, "requeue", locked_once)
    supervisor.start()
    trainer = until(lambda: next(iter(supervisor._running.values()), None))
    trainer.process.kill()
    until(lambda: bench.services.jobs.get(job).attempts == 2)
    assert len(told) == 2
