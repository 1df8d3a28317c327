"""Answers as JSON."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import orjson
from fastapi import Response

from ..errors import ApiError

Entry = TypeVar("Entry")


def reply(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


def page(
    entries: Sequence[Entry], describe: Callable[[Entry], dict[str, Any]], after: str | None, limit: int
) -> Response:
    """One page of a list: at most `limit` entries after the one whose id is `after`. Throws 400."""
    start = 0 if after is None else _place_after(after, entries, describe)
    shown = entries[start : start + limit]
    data = [describe(entry) for entry in shown]
    more = start + len(shown) < len(entries)
    return reply({"object": "list", "data": data, "has_more": more, **_ends(data)})


def unknown_cursor(after: str) -> ApiError:
    """Answering with the first page would make a client that pages through never end."""
    return ApiError(400, f"after: there is no '{after[:200]}' in this list.", code="invalid_value", param="after")


def _place_after(after: str, entries: Sequence[Entry], describe: Callable[[Entry], dict[str, Any]]) -> int:
    for place, entry in enumerate(entries, start=1):
        if describe(entry)["id"] == after:
            return place
    raise unknown_cursor(after)


def _ends(data: Iterable[dict[str, Any]]) -> dict[str, Any]:
    ids = [entry["id"] for entry in data]
    return {"first_id": ids[0] if ids else None, "last_id": ids[-1] if ids else None}
