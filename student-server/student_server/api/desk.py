"""Reads prompts and writes answers beside the event loop."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

Given = ParamSpec("Given")
Result = TypeVar("Result")

# With every request in a thread of its own, the thread that computes queues up behind all of them for the interpreter.
_PLACES = 2


class Desk:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(_PLACES, "desk")

    async def do(self, work: Callable[Given, Result], *args: Given.args, **more: Given.kwargs) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, partial(work, *args, **more))
