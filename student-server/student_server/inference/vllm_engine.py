"""Generation and scoring by a vLLM on this machine: it keeps the base, and is given each student's adapter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby
from typing import TypeVar

from ..errors import ApiError
from ..models.text import ModelText
from .engine import Answer, GenerateRow, Sampling, ScoreRow, Scores
from .served import Served
from .vllm_api import VllmApi, VllmError, ids_of, scores_of

Result = TypeVar("Result")

# vLLM does the batching; this many requests may be under way at once.
_LANES = 32


class VllmEngine:
    def __init__(self, api: VllmApi, *, sleeps: bool) -> None:
        """`sleeps`: it shares its GPU with the trainer, so it has to leave while a job trains."""
        self._api = api
        self._sleeps = sleeps
        self._pool = ThreadPoolExecutor(_LANES, thread_name_prefix="vllm")
        self._texts: dict[str, ModelText] = {}
        self._adapters: set[str] = set()
        self._state = threading.Condition()
        self._awake = True
        self._under_way = 0
        self._lock = threading.Lock()
        self._base: tuple[str, int] | None = None

    def text(self, served: Served) -> ModelText:
        with self._lock:
            source = str(served.folder or served.base.source)
            if source not in self._texts:
                self._texts[source] = ModelText(source)
            return self._texts[source]

    def context(self, served: Served) -> int:
        return self._known_base()[1]

    def generate(self, served: Served, rows: Sequence[GenerateRow]) -> Future[list[Answer]]:
        def work(name: str) -> list[Answer]:
            text = self.text(served)
            answers: list[Answer] = []
            # A sampled row has a seed of its own, so it is a request of its own; greedy ones go together.
            for _, group in groupby(rows, key=lambda row: _alike(row.sampling)):
                asked = list(group)
                choices = self._api.complete(name, asked)
                answers += [_answer(choice, row, text) for choice, row in zip(choices, asked, strict=True)]
            return answers

        return self._pool.submit(self._asked, served, work)

    def score(self, served: Served, rows: Sequence[ScoreRow]) -> Future[list[Scores]]:
        def work(name: str) -> list[Scores]:
            choices = self._api.echo(name, rows)
            return [scores_of(choice, row.top) for choice, row in zip(choices, rows, strict=True)]

        return self._pool.submit(self._asked, served, work)

    def training_begins(self) -> None:
        """
        Lets what is under way end, then frees the GPU. Who asks from now on waits until training has ended. Between two
        jobs it is said again: a vLLM that was restarted meanwhile is awake, and one that sleeps takes no harm.
        """
        if not self._sleeps:
            return
        with self._state:
            self._awake = False
            self._state.wait_for(lambda: self._under_way == 0)
        try:
            self._api.sleep()
        except VllmError:
            # Nothing trains, so the wait would not end.
            self._open_doors()
            raise

    def training_ended(self) -> None:
        if not self._sleeps:
            return
        try:
            self._api.wake_up()
        except VllmError as error:
            # A vLLM that answers is still asleep and is woken again; the loss of one is reported to the next request.
            if error.status is None:
                self._open_doors()
            raise
        self._open_doors()

    def forget(self, served: Served) -> None:
        with self._lock:
            if served.id not in self._adapters:
                return
            try:
                self._api.unload_adapter(served.id)
            except VllmError as error:
                # 404: it was restarted, and has forgotten by itself.
                if error.status != 404:
                    raise ApiError(503, str(error), code="engine_unavailable") from error
            self._adapters.discard(served.id)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._api.close()

    def _asked(self, served: Served, work: Callable[[str], list[Result]]) -> list[Result]:
        with self._while_awake():
            try:
                return work(self._name(served))
            except VllmError as error:
                if error.status != 404 or served.folder is None:
                    raise ApiError(503, str(error), code="engine_unavailable") from error
            # It was restarted and has forgotten its adapters.
            with self._lock:
                self._adapters.discard(served.id)
            try:
                return work(self._name(served))
            except VllmError as error:
                raise ApiError(503, str(error), code="engine_unavailable") from error

    def _name(self, served: Served) -> str:
        """What vLLM calls this model, after it has been given it."""
        if served.folder is None:
            return self._known_base()[0]
        if served.manifest is None or served.manifest.kind != "adapter":
            raise ApiError(400, "The vLLM beside this server serves adapters: train with @lora.", param="model")
        with self._lock:
            if served.id not in self._adapters:
                self._api.load_adapter(served.id, str(served.folder))
                self._adapters.add(served.id)
        return served.id

    def _known_base(self) -> tuple[str, int]:
        if self._base is None:
            try:
                self._base = self._api.base()
            except VllmError as error:
                raise ApiError(503, str(error), code="engine_unavailable") from error
        return self._base

    def _open_doors(self) -> None:
        with self._state:
            self._awake = True
            self._state.notify_all()

    @contextmanager
    def _while_awake(self) -> Iterator[None]:
        with self._state:
            self._state.wait_for(lambda: self._awake)
            self._under_way += 1
        try:
            yield
        finally:
            with self._state:
                self._under_way -= 1
                self._state.notify_all()


def _alike(sampling: Sampling) -> tuple[object, ...]:
    seed = sampling.seed if sampling.temperature > 0 else 0
    return (sampling.max_tokens, sampling.temperature, sampling.top_p, sampling.stop, sampling.top, seed)


def _answer(choice: dict[str, object], row: GenerateRow, text: ModelText) -> Answer:
    ids, scores = ids_of(choice), scores_of(choice, row.sampling.top)
    finish = "length" if choice["finish_reason"] == "length" else "stop"
    # vLLM counts the token that ended an answer among its tokens; a stop text leaves those it was made of.
    kept = len(ids) - 1 if finish == "stop" and ids and ids[-1] == text.eos else len(ids)
    return Answer(ids[:kept], scores.first(kept), str(choice["text"]), finish)
