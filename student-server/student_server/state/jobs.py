"""Fine-tuning jobs and who may move them: the server queues, takes and cancels; a trainer reports (reports.py)."""

import hashlib
import json
import secrets
import sqlite3
from dataclasses import dataclass
from typing import Any

from ..errors import ApiError, not_found
from .database import Database, now
from .events import add_event

OPEN = ("validating_files", "queued", "running")
STATUSES = (*OPEN, "succeeded", "failed", "cancelled")
# Jobs of one training carry the same value under this metadata name; at most one of them is open or succeeded.
METADATA_KEY = "baldistill_key"


@dataclass(frozen=True)
class JobRecord:
    seq: int
    id: str
    created: int
    request: dict[str, Any]
    plan: dict[str, Any]
    status: str
    attempts: int
    finished: int | None
    error: dict[str, Any] | None
    model: str | None
    trained_tokens: int | None

    @property
    def is_open(self) -> bool:
        return self.status in OPEN


class Jobs:
    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, request: dict[str, Any], plan: dict[str, Any], key: str | None) -> JobRecord:
        """A new job, or that of `earlier`."""
        metadata: dict[str, str] = request.get("metadata") or {}
        hashed = _hashed(key)
        with self._database.write() as write:
            if (found := _earlier(write, request, key)) is not None:
                return found
            job = f"ftjob-{secrets.token_hex(12) if hashed is None else hashed[:24]}"
            write.execute(
                "insert into jobs(id, created, request, plan, status, idempotency_key) values(?, ?, ?, ?, ?, ?)",
                (job, now(), _body(request), json.dumps(plan), "validating_files", hashed),
            )
            write.executemany(
                "insert into job_metadata(job, name, value) values(?, ?, ?)",
                [(job, name, value) for name, value in metadata.items()],
            )
            add_event(write, job, f"Created fine-tuning job: {job}")
        return self.get(job)

    def earlier(self, request: dict[str, Any], key: str | None) -> JobRecord | None:
        """
        The job under this Idempotency-Key, or under the metadata key as long as there is something of it: it has not
        failed, and its model was not removed. Throws 409 where that was another request.
        """
        with self._database.write() as write:
            return _earlier(write, request, key)

    def get(self, job: str) -> JobRecord:
        row = self._database.row("select * from jobs where id = ?", (job,))
        if row is None:
            raise not_found("job", job)
        return _record(row)

    def newest_first(self, metadata: dict[str, str]) -> list[JobRecord]:
        """Jobs that carry every one of these metadata."""
        where = "".join(
            " and exists (select 1 from job_metadata where job = jobs.id and name = ? and value = ?)" for _ in metadata
        )
        values = tuple(part for pair in metadata.items() for part in pair)
        return [
            _record(row)
            for row in self._database.rows(f"select * from jobs where true{where} order by seq desc", values)
        ]

    def with_status(self, status: str) -> list[JobRecord]:
        return [
            _record(row) for row in self._database.rows("select * from jobs where status = ? order by seq", (status,))
        ]

    def counts(self) -> dict[str, int]:
        return {
            row["status"]: row["n"] for row in self._database.rows("select status, count(*) n from jobs group by 1")
        }

    def has_ended(self, job: str) -> bool:
        """False, too, where there is no such job."""
        row = self._database.row(f"select 1 from jobs where id = ? and status not in {OPEN}", (job,))
        return row is not None

    def validated(self, job: str) -> None:
        with self._database.write() as write:
            if _move(write, job, "validating_files", "queued"):
                add_event(write, job, "Files validated, moving job to queued state")

    def take(self, job: str) -> int | None:
        """Starts an attempt of a queued job; returns its number, or None where another process was faster."""
        with self._database.write() as write:
            if not _move(write, job, "queued", "running"):
                return None
            write.execute("update jobs set attempts = attempts + 1 where id = ?", (job,))
            attempt: int = write.execute("select attempts from jobs where id = ?", (job,)).fetchone()[0]
            if attempt == 1:
                add_event(write, job, "Fine-tuning job started")
            return attempt

    def requeue(self, job: str, why: str) -> None:
        """Its trainer is gone: the next one continues from the last checkpoint."""
        with self._database.write() as write:
            if _move(write, job, "running", "queued"):
                add_event(write, job, why, level="warn")

    def fail(self, job: str, code: str, message: str, param: str | None = None) -> None:
        with self._database.write() as write:
            end_badly(write, job, code, message, param)

    def cancel(self, job: str) -> JobRecord:
        with self._database.write() as write:
            moved = write.execute(
                f"update jobs set status = 'cancelled', finished = ? where id = ? and status in {OPEN}", (now(), job)
            ).rowcount
            if moved:
                add_event(write, job, "The job was cancelled")
        return self.get(job)


def end_badly(write: sqlite3.Connection, job: str, code: str, message: str, param: str | None) -> None:
    error = json.dumps({"code": code, "message": message, "param": param})
    moved = write.execute(
        f"update jobs set status = 'failed', finished = ?, error = ? where id = ? and status in {OPEN}",
        (now(), error, job),
    ).rowcount
    if moved:
        add_event(write, job, message, level="error")


def _earlier(write: sqlite3.Connection, request: dict[str, Any], key: str | None) -> JobRecord | None:
    metadata_key = (request.get("metadata") or {}).get(METADATA_KEY)
    found = None
    if key is not None:
        found = write.execute("select * from jobs where idempotency_key = ?", (_hashed(key),)).fetchone()
    if found is None and metadata_key is not None:
        found = write.execute(
            "select jobs.* from jobs join job_metadata on job_metadata.job = jobs.id where name = ? and value = ? "
            "and status not in ('failed', 'cancelled') "
            "and (status <> 'succeeded' or exists (select 1 from models where models.id = jobs.model)) "
            "order by seq desc limit 1",
            (METADATA_KEY, metadata_key),
        ).fetchone()
    if found is None:
        return None
    if found["request"] != _body(request):
        raise ApiError(409, "This key was used for another job.", code="idempotency_conflict")
    return _record(found)


def _hashed(key: str | None) -> str | None:
    return None if key is None else hashlib.sha256(key.encode()).hexdigest()


def _body(request: dict[str, Any]) -> str:
    """Requests are the same where these are."""
    return json.dumps(request, sort_keys=True, ensure_ascii=False)


def _move(write: sqlite3.Connection, job: str, before: str, after: str) -> bool:
    """Compare and set: a job that was cancelled meanwhile stays so."""
    return write.execute("update jobs set status = ? where id = ? and status = ?", (after, job, before)).rowcount == 1


def _record(row: sqlite3.Row) -> JobRecord:
    return JobRecord(
        seq=row["seq"],
        id=row["id"],
        created=row["created"],
        request=json.loads(row["request"]),
        plan=json.loads(row["plan"]),
        status=row["status"],
        attempts=row["attempts"],
        finished=row["finished"],
        error=None if row["error"] is None else json.loads(row["error"]),
        model=row["model"],
        trained_tokens=row["trained_tokens"],
    )
