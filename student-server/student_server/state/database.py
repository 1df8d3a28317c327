"""The SQLite file that the server and its trainer share."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

SCHEMA = """
create table if not exists files(
  id text primary key, created integer not null, filename text not null, purpose text not null, bytes integer not null
) strict;
create table if not exists jobs(
  seq integer primary key autoincrement, id text not null unique, created integer not null,
  request text not null, plan text not null, status text not null, idempotency_key text unique,
  attempts integer not null default 0, finished integer, error text, model text, trained_tokens integer
) strict;
create table if not exists job_metadata(
  job text not null references jobs(id), name text not null, value text not null, primary key(job, name)
) strict;
create index if not exists metadata_by_value on job_metadata(name, value);
create table if not exists events(
  seq integer primary key autoincrement, job text not null references jobs(id), created integer not null,
  level text not null, type text not null, message text not null, data text, step integer
) strict;
create index if not exists events_of_job on events(job, seq);
create table if not exists models(
  id text primary key, folder text not null, base text not null, job text not null, created integer not null,
  step integer not null, train_loss real, valid_loss real
) strict;
"""


def now() -> int:
    return int(time.time())


class Database:
    """One connection, shared by the threads of a process; every statement runs inside a transaction."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("pragma journal_mode = wal")
        # A job or a file that a client knows must survive a power cut.
        self._connection.execute("pragma synchronous = full")
        self._connection.execute("pragma foreign_keys = on")
        with self._lock:
            self._connection.executescript(SCHEMA)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """A transaction that holds the write lock from its start, so what it reads stays true until it ends."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def rows(self, statement: str, values: tuple[Any, ...] = ()) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, values: tuple[Any, ...] = ()) -> sqlite3.Row | None:
        found = self.rows(statement, values)
        return found[0] if found else None

    def close(self) -> None:
        with self._lock:
            self._connection.close()
