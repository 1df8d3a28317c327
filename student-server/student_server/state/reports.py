"""Reports of a trainer about its job. Reports of an outdated attempt are ignored."""

import sqlite3
from typing import Any

from .database import Database, now
from .events import add_event
from .jobs import end_badly


class Superseded(Exception):
    """The job was cancelled, or another attempt has taken over: this trainer has nothing left to do."""


class Reports:
    def __init__(self, database: Database, job: str, attempt: int) -> None:
        self._database = database
        self._job = job
        self._attempt = attempt

    def current(self) -> bool:
        row = self._database.row("select status, attempts from jobs where id = ?", (self._job,))
        return row is not None and row["status"] == "running" and row["attempts"] == self._attempt

    def say(self, message: str, *, level: str = "info", data: dict[str, Any] | None = None) -> None:
        with self._database.write() as write:
            self._demand(write)
            add_event(write, self._job, message, level=level, data=data)

    def begin_at(self, step: int, message: str) -> None:
        """Steps after this one may have been trained before: their events are removed."""
        with self._database.write() as write:
            self._demand(write)
            write.execute("delete from events where job = ? and step > ?", (self._job, step))
            add_event(write, self._job, message)

    def fail(self, code: str, message: str, param: str | None = None) -> None:
        with self._database.write() as write:
            self._demand(write)
            end_badly(write, self._job, code, message, param)

    def succeed(self, model: dict[str, Any], trained_tokens: int) -> None:
        """One transaction: the model is there, the job has succeeded, and everybody can see both."""
        columns = ("id", "folder", "base", "step", "train_loss", "valid_loss")
        with self._database.write() as write:
            self._demand(write)
            write.execute(
                f"insert into models(job, created, {', '.join(columns)}) values(?, ?, ?, ?, ?, ?, ?, ?)",
                (self._job, now(), *(model[column] for column in columns)),
            )
            write.execute(
                "update jobs set status = 'succeeded', finished = ?, model = ?, trained_tokens = ? where id = ?",
                (now(), model["id"], trained_tokens, self._job),
            )
            add_event(write, self._job, "The job has successfully completed")

    def _demand(self, write: sqlite3.Connection) -> None:
        row = write.execute("select status, attempts from jobs where id = ?", (self._job,)).fetchone()
        if row is None or row["status"] != "running" or row["attempts"] != self._attempt:
            raise Superseded(f"{self._job}, attempt {self._attempt}")
