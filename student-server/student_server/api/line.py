"""Who waits for the engine: so many rows at most, and each request only for as long as somebody wants its answer."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

from fastapi import Request

from ..errors import ApiError

Row = TypeVar("Row")
Result = TypeVar("Result")

# Most requests have been answered by then, and need nobody to watch their clients.
_SECONDS_UNWATCHED = 1.0
_RETRY_AFTER_SECONDS = 5


class Line:
    """Used in the event loop."""

    def __init__(self, most_rows: int) -> None:
        self._most_rows = most_rows
        self._rows = 0

    async def stand(
        self, client: Request, rows: Sequence[Row], ask: Callable[[Sequence[Row]], Future[list[Result]]]
    ) -> list[Result]:
        """Throws 429 where the line is full. Work that has not begun when its client hangs up is not done."""
        # One request alone is never too many: it would be refused for ever.
        if self._rows > 0 and self._rows + len(rows) > self._most_rows:
            message = f"{self._rows} prompts are waiting, and {self._most_rows} are the most. Ask again later."
            raise ApiError(429, message, code="rate_limit_exceeded", retry_after=_RETRY_AFTER_SECONDS)
        self._rows += len(rows)
        try:
            return await _answered(client, asyncio.wrap_future(ask(rows)))
        finally:
            self._rows -= len(rows)


async def _answered(client: Request, answer: asyncio.Future[list[Result]]) -> list[Result]:
    try:
        done, _ = await asyncio.wait([answer], timeout=_SECONDS_UNWATCHED)
        if not done:
            gone = asyncio.create_task(_hung_up(client))
            either: list[asyncio.Future[Any]] = [answer, gone]
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                gone.cancel()
    finally:
        # Reaches the engine's queue. An answer that is there stays.
        answer.cancel()
    if answer.cancelled():
        raise ApiError(499, "The client hung up before it was answered.", code="client_closed_request")
    return answer.result()


async def _hung_up(client: Request) -> None:
    while (await client.receive())["type"] != "http.disconnect":
        pass
