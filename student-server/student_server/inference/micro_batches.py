"""Puts rows of several requests into one batch: a forward pass over 32 rows costs little more than one over a few."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

log = logging.getLogger(__name__)

# Rows keep arriving one by one; waiting ends this many windows after the first one at the latest.
_LONGEST_WAIT = 6


@dataclass
class _Work:
    key: Hashable
    rows: Sequence[Any]
    run: Callable[[Sequence[Any]], list[Any]]
    patient: bool
    future: Future[list[Any]] = field(default_factory=Future)


class MicroBatches:
    """
    One thread runs everything, in order of arrival. A request of many rows is a batch by itself, so that it gives the
    same numbers whoever else is there. Small requests under the same key are put together, and patient ones wait for
    each other for a moment.
    """

    def __init__(self, max_rows: int, window: float, on_batch: Callable[[int], None] = lambda rows: None) -> None:
        self._max_rows = max_rows
        self._window = window
        self._on_batch = on_batch
        self._pending: list[_Work] = []
        self._changed = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._loop, name="inference", daemon=True)
        self._thread.start()

    def submit(
        self, key: Hashable, rows: Sequence[Any], run: Callable[[Sequence[Any]], list[Any]], *, patient: bool = True
    ) -> Future[list[Any]]:
        """
        `run` gets the rows of every work under this key that it is put together with, and gives a result a row. Work
        that costs the same alone as in company is not patient: it is put together with what came while others ran.
        """
        work = _Work(key, rows, run, patient)
        with self._changed:
            if self._closed:
                raise RuntimeError("the server is closing")
            # One that is no longer wanted is not kept until its turn comes.
            self._pending = [one for one in self._pending if not one.future.cancelled()]
            self._pending.append(work)
            self._changed.notify()
        return work.future

    def waiting(self) -> int:
        with self._changed:
            return sum(len(work.rows) for work in self._pending if not work.future.cancelled())

    def close(self) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join(10)

    def _loop(self) -> None:
        while (batch := self._next()) is not None:
            rows = [row for work in batch for row in work.rows]
            try:
                self._on_batch(len(rows))
                results = batch[0].run(rows)
            except Exception as error:  # noqa: BLE001 - passed to the caller
                for work in batch:
                    work.future.set_exception(error)
                continue
            at = 0
            for work in batch:
                work.future.set_result(results[at : at + len(work.rows)])
                at += len(work.rows)

    def _next(self) -> list[_Work] | None:
        """The next batch, no longer cancellable; None at the end."""
        with self._changed:
            while True:
                while not self._pending:
                    if self._closed:
                        return None
                    self._changed.wait()
                batch = [work for work in self._take() if work.future.set_running_or_notify_cancel()]
                if batch:
                    return batch

    def _take(self) -> list[_Work]:
        first = self._pending[0]
        if first.patient and self._is_small(first) and self._window > 0:
            self._gather(first.key)
        batch = [first]
        if self._is_small(first) and self._window > 0:
            room = self._max_rows - len(first.rows)
            for work in self._pending:
                if work is not first and work.key == first.key and self._is_small(work) and len(work.rows) <= room:
                    batch.append(work)
                    room -= len(work.rows)
        taken = {id(work) for work in batch}
        self._pending = [work for work in self._pending if id(work) not in taken]
        return batch

    def _gather(self, key: Hashable) -> None:
        """Waits until nothing new has come for a window, there is a full batch, or it has been long enough."""
        until = time.monotonic() + _LONGEST_WAIT * self._window
        while not self._closed and time.monotonic() < until:
            held = len(self._pending)
            if sum(len(work.rows) for work in self._pending if work.key == key) >= self._max_rows:
                return
            self._changed.wait(self._window)
            if len(self._pending) == held:
                return

    def _is_small(self, work: _Work) -> bool:
        # A single row is never many, however small a batch may be.
        return len(work.rows) == 1 or len(work.rows) * 4 < self._max_rows
