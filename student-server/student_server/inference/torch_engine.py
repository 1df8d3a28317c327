"""Generation and scoring with PyTorch, in a thread of this process."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..models.text import ModelText
from .engine import Answer, GenerateRow, ScoreRow, Scores
from .generate import generate
from .loaded import LoadedModels, context_of
from .micro_batches import MicroBatches
from .score import Scorer
from .served import Served


@dataclass(frozen=True)
class TorchEngineSettings:
    bases: Path
    device: str
    threads: int
    max_batch: int
    window: float
    loaded_models: int


class TorchEngine:
    def __init__(self, settings: TorchEngineSettings, on_batch: Callable[[int], None] = lambda rows: None) -> None:
        self._settings = settings
        self._loaded = LoadedModels(settings.bases, settings.device, settings.loaded_models)
        self._scorer = Scorer(settings.device, settings.threads)
        self._batches = MicroBatches(settings.max_batch, settings.window, on_batch)
        self._texts: dict[str, ModelText] = {}
        self._contexts: dict[str, int] = {}
        self._lock = threading.Lock()

    def text(self, served: Served) -> ModelText:
        return self._described(served)[0]

    def context(self, served: Served) -> int:
        return self._described(served)[1]

    def _described(self, served: Served) -> tuple[ModelText, int]:
        # Tokenizers are small and are kept: a text can be counted while another model generates.
        with self._lock:
            source = str(served.folder or self._loaded.base_source(served.base))
            if source not in self._texts:
                self._texts[source] = ModelText(source)
                self._contexts[source] = context_of(self._loaded.source(served))
            return self._texts[source], self._contexts[source]

    def generate(self, served: Served, rows: Sequence[GenerateRow]) -> Future[list[Answer]]:
        return self._batches.submit(("generate", served.id), rows, lambda rows: self._generate(served, rows))

    def score(self, served: Served, rows: Sequence[ScoreRow]) -> Future[list[Scores]]:
        # One forward pass, whose time goes with its rows: while it runs, requests are read and answers written.
        return self._batches.submit(("score", served.id), rows, lambda rows: self._score(served, rows), patient=False)

    def _generate(self, served: Served, rows: Sequence[GenerateRow]) -> list[Answer]:
        text, context = self.text(served), self.context(served)
        model, as_served = self._open(served)
        ends = _ends_of(model, text)
        answers: list[Answer | None] = [None] * len(rows)
        # Prompts of like length share a batch: padding is work for nothing.
        order = sorted(range(len(rows)), key=lambda place: len(rows[place].ids))
        with as_served:
            for at in range(0, len(order), self._settings.max_batch):
                places = order[at : at + self._settings.max_batch]
                batch = [rows[place] for place in places]
                written = generate(model, text, ends, batch, self._settings.device, context)
                for place, answer in zip(places, written, strict=True):
                    answers[place] = answer
        return [answer for answer in answers if answer is not None]

    def _score(self, served: Served, rows: Sequence[ScoreRow]) -> list[Scores]:
        model, as_served = self._open(served)
        with as_served:
            return self._scorer.score(model, rows)

    def _open(self, served: Served) -> tuple[Any, AbstractContextManager[Any]]:
        # Counts for the thread that says it, and the scorer's threads say otherwise.
        torch.set_num_threads(self._settings.threads)
        return self._loaded.open(served)

    def training_begins(self) -> None:
        """On a GPU, leaves it to the trainer once what was asked before is answered; who asks then loads again."""
        if self._settings.device.startswith("cuda"):
            self._in_its_thread("drop", self._drop)

    def training_ended(self) -> None:
        """What is asked is loaded: nothing to do."""

    def forget(self, served: Served) -> None:
        with self._lock:
            self._texts.pop(str(served.folder), None)
        self._in_its_thread(served.id, lambda: self._loaded.forget(served))

    def _drop(self) -> None:
        self._loaded.drop()
        # Models with adapters hold themselves, and PyTorch holds what they had.
        gc.collect()
        torch.cuda.empty_cache()

    def _in_its_thread(self, name: str, change: Callable[[], None]) -> None:
        """Changes loaded models in the thread that uses them, and waits for it."""

        def run(rows: Sequence[None]) -> list[None]:
            change()
            return list(rows)

        self._batches.submit(("change", name), [None] * self._settings.max_batch, run).result()

    def close(self) -> None:
        self._batches.close()
        self._scorer.close()


def _ends_of(model: object, text: ModelText) -> frozenset[int]:
    """Tokens that end an answer; chat models name several."""
    named = getattr(getattr(model, "generation_config", None), "eos_token_id", None)
    listed = [] if named is None else [named] if isinstance(named, int) else list(named)
    return frozenset([text.eos, *listed])
