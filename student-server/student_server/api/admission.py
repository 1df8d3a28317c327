"""Admission of requests to the engine, and the threads that tokenize beside the event loop."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any, ParamSpec, TypeVar

from fastapi import Request

from ..errors import ApiError

Row = TypeVar("Row")
Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")

# Most requests are answered within this time, so their connections need no watching.
_SECONDS_UNWATCHED = 1.0
_RETRY_AFTER_SECONDS = 5

# With one thread a request, the engine's thread would compete with all of them for the interpreter.
_threads = ThreadPoolExecutor(2, "tokenizer")


async def run_in_thread(
    work: Callable[Parameters, Result], *args: Parameters.args, **more: Parameters.kwargs
) -> Result:
    return await asyncio.get_running_loop().run_in_executor(_threads, partial(work, *args, **more))


class AdmissionQueue:
    """Bounds the rows that wait for the engine. Used in the event loop only."""

    def __init__(self, max_rows: int) -> None:
        self._max_rows = max_rows
        self._rows = 0

    async def submit(
        self, client: Request, rows: Sequence[Row], run: Callable[[Sequence[Row]], Future[list[Result]]]
    ) -> list[Result]:
        """Throws 429 where the queue is full. Cancels rows that have not started when the client disconnects."""
        # A single request is always admitted: otherwise a large one would be refused for ever.
        if self._rows > 0 and self._rows + len(rows) > self._max_rows:
            message = f"{self._rows} prompts are waiting; the limit is {self._max_rows}. Retry later."
            raise ApiError(429, message, code="rate_limit_exceeded", retry_after=_RETRY_AFTER_SECONDS)
        self._rows += len(rows)
        try:
            return await _result_or_disconnect(client, asyncio.wrap_future(run(rows)))
        finally:
            self._rows -= len(rows)


async def _result_or_disconnect(client: Request, result: asyncio.Future[list[Result]]) -> list[Result]:
    try:
        done, _ = await asyncio.wait([result], timeout=_SECONDS_UNWATCHED)
        if not done:
            disconnected = asyncio.create_task(_disconnect(client))
            either: list[asyncio.Future[Any]] = [result, disconnected]
            try:
                await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
            finally:
                disconnected.cancel()
    finally:
        # Removes it from the engine's queue; a finished result stays.
        result.cancel()
    if result.cancelled():
        raise ApiError(499, "The client disconnected before the answer was ready.", code="client_closed_request")
    return result.result()


async def _disconnect(client: Request) -> None:
    while (await client.receive())["type"] != "http.disconnect":
        pass
