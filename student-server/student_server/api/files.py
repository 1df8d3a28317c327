"""`/v1/files`: training files, kept by content."""

from collections.abc import Iterator
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, File, Form, Query, Response, UploadFile
from fastapi.responses import FileResponse

from ..services import Services
from ..state.files import FileRecord
from .reply import page, reply

_CHUNK = 1 << 20


def file_routes(services: Services) -> APIRouter:
    router = APIRouter()
    files = services.files

    @router.post("/v1/files")
    def upload(file: Annotated[UploadFile, File()], purpose: Annotated[str, Form(min_length=1)]) -> Response:
        return reply(_describe(files.keep(_chunks(file.file), file.filename or "upload", purpose)))

    @router.get("/v1/files")
    def listing(
        purpose: str | None = None, after: str | None = None, limit: Annotated[int, Query(ge=1, le=10_000)] = 10_000
    ) -> Response:
        wanted = [file for file in files.newest_first() if purpose in (None, file.purpose)]
        return page(wanted, _describe, after, limit)

    @router.get("/v1/files/{file}")
    def retrieve(file: str) -> Response:
        return reply(_describe(files.get(file)))

    @router.get("/v1/files/{file}/content")
    def content(file: str) -> Response:
        return FileResponse(files.path(file), media_type="application/octet-stream")

    @router.delete("/v1/files/{file}")
    def remove(file: str) -> Response:
        files.remove(file)
        return reply({"id": file, "object": "file", "deleted": True})

    return router


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
