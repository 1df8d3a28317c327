"""What happened to a job, newest last; metrics carry the step they belong to."""

import json
import sqlite3
from dataclasses import dataclass
from typing import Any

from .database import Database, now


@dataclass(frozen=True)
class EventRecord:
    seq: int
    created: int
    level: str
    type: str
    message: str
    data: dict[str, Any] | None

    @property
    def id(self) -> str:
        return f"ftevent-{self.seq}"


def add_event(
    write: sqlite3.Connection, job: str, message: str, *, level: str = "info", data: dict[str, Any] | None = None
) -> None:
    """Inside the transaction that it reports. With `data` it is a metrics event, which has a step."""
    kind = "message" if data is None else "metrics"
    encoded = None if data is None else json.dumps(data)
    write.execute(
        "insert into events(job, created, level, type, message, data, step) values(?, ?, ?, ?, ?, ?, ?)",
        (job, now(), level, kind, message, encoded, None if data is None else data["step"]),
    )


class Events:
    def __init__(self, database: Database) -> None:
        self._database = database

    def newest_first(self, job: str) -> list[EventRecord]:
        rows = self._database.rows("select * from events where job = ? order by seq desc", (job,))
        return [
            EventRecord(
                seq=row["seq"],
                created=row["created"],
                level=row["level"],
                type=row["type"],
                message=row["message"],
                data=None if row["data"] is None else json.loads(row["data"]),
            )
            for row in rows
        ]
