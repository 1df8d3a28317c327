"""Answers as JSON."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, TypeVar

import orjson
from fastapi import Response


def reply(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


class _HasId(Protocol):
    @property
    def id(self) -> str: ...


Entry = TypeVar("Entry", bound=_HasId)


def page(
    entries: Sequence[Entry], describe: Callable[[Entry], dict[str, Any]], after: str | None, limit: int
) -> Response:
    """One page of a list as the API cuts it: after the entry with id `after`, at most `limit`."""
    start = 0 if after is None else next((n + 1 for n, entry in enumerate(entries) if entry.id == after), 0)
    shown = entries[start : start + limit]
    data = [describe(entry) for entry in shown]
    more = start + len(shown) < len(entries)
    return reply({"object": "list", "data": data, "has_more": more, **_ends(data)})


def _ends(data: Iterable[dict[str, Any]]) -> dict[str, Any]:
    ids = [entry["id"] for entry in data]
    return {"first_id": ids[0] if ids else None, "last_id": ids[-1] if ids else None}
