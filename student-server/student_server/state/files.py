"""Uploaded files, named by their content: a repeated upload is the same file."""

import hashlib
import os
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from ..durable import UNFINISHED, sync
from ..errors import ApiError, not_found
from .database import Database, now


@dataclass(frozen=True)
class FileRecord:
    id: str
    created: int
    filename: str
    purpose: str
    bytes: int


class Files:
    def __init__(self, database: Database, folder: Path, max_bytes: int) -> None:
        self._database = database
        self._folder = folder
        self._max_bytes = max_bytes

    def keep(self, chunks: Iterable[bytes], filename: str, purpose: str) -> FileRecord:
        """Stores an upload. It counts once it is whole and on the disk."""
        digest = hashlib.sha256(purpose.encode() + b"\0")
        size = 0
        scratch = self._folder / f"{UNFINISHED}{secrets.token_hex(8)}"
        try:
            with scratch.open("wb") as out:
                for chunk in chunks:
                    size += len(chunk)
                    if size > self._max_bytes:
                        raise ApiError(413, f"A file may hold {self._max_bytes} bytes.", code="file_too_large")
                    digest.update(chunk)
                    out.write(chunk)
                out.flush()
                os.fsync(out.fileno())
            record = FileRecord(f"file-{digest.hexdigest()[:24]}", now(), filename, purpose, size)
            scratch.rename(self._folder / record.id)
            sync(self._folder)
        finally:
            scratch.unlink(missing_ok=True)
        with self._database.write() as write:
            write.execute(
                "insert or ignore into files(id, created, filename, purpose, bytes) values(?, ?, ?, ?, ?)",
                (record.id, record.created, record.filename, record.purpose, record.bytes),
            )
        return self.get(record.id)

    def get(self, file: str) -> FileRecord:
        row = self._database.row("select * from files where id = ?", (file,))
        if row is None:
            raise not_found("file", file)
        return FileRecord(**row)

    def exists(self, file: str) -> bool:
        return self._database.row("select 1 from files where id = ?", (file,)) is not None

    def path(self, file: str) -> Path:
        return self._folder / self.get(file).id

    def newest_first(self) -> list[FileRecord]:
        return [FileRecord(**row) for row in self._database.rows("select * from files order by created desc, id")]

    def remove(self, file: str) -> None:
        record = self.get(file)
        with self._database.write() as write:
            open_job = write.execute(
                "select id from jobs where status in ('validating_files', 'queued', 'running') "
                "and ?1 in (json_extract(request, '$.training_file'), json_extract(request, '$.validation_file'))",
                (file,),
            ).fetchone()
            if open_job is not None:
                raise ApiError(409, f"The job {open_job['id']} still needs this file.", code="file_in_use")
            write.execute("delete from files where id = ?", (file,))
        (self._folder / record.id).unlink(missing_ok=True)
