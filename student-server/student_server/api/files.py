"""`/v1/files`: training files, kept by content."""

from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from fastapi.responses import FileResponse

from ..state.files import FileRecord
from .dependencies import ServicesDep
from .reply import page, reply

_CHUNK = 1 << 20


router = APIRouter()


@router.post("/v1/files")
def upload(
    services: ServicesDep, file: Annotated[UploadFile, File()], purpose: Annotated[str, Form(min_length=1)]
) -> Response:
    return reply(_describe(services.files.keep(_chunks(file.file), file.filename or "upload", purpose)))


@router.get("/v1/files")
def listing(
    services: ServicesDep,
    purpose: str | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000,
) -> Response:
    wanted = [file for file in services.files.newest_first() if purpose in (None, file.purpose)]
    return page(wanted, _describe, after, limit)


@router.get("/v1/files/{file}")
def retrieve(services: ServicesDep, file: str) -> Response:
    return reply(_describe(services.files.get(file)))


@router.get("/v1/files/{file}/content")
def content(services: ServicesDep, file: str) -> Response:
    return FileResponse(services.files.path(file), media_type="application/octet-stream")


@router.delete("/v1/files/{file}")
def remove(services: ServicesDep, file: str) -> Response:
    services.files.remove(file)
    return reply({"id": file, "object": "file", "deleted": True})


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _describe(file: FileRecord) -> dict[str, Any]:
    return {
        "id": file.id,
        "object": "file",
        "bytes": file.bytes,
        "created_at": file.created,
        "filename": file.filename,
        "purpose": file.purpose,
        "status": "processed",
    }
