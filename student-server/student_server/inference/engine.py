"""The inference engine: PyTorch in this process, or a vLLM server. Prompts and answers are token ids."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .served import Served

if TYPE_CHECKING:
    # Brings PyTorch with it, which the API layer does without.
    from ..models.text import ModelText


@dataclass(frozen=True)
class Sampling:
    max_tokens: int
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0
    """Of this very row: with it, an answer does not depend on who else was in the batch."""
    stop: tuple[str, ...] = ()
    top: int = 0
    """Number of most likely tokens returned at each position, beside the chosen one."""


@dataclass
class Scores:
    """Natural logarithms of probabilities, untempered; one entry a token. Plain lists, because there are many."""

    logprobs: list[float | None]
    """None for the first token of a text."""
    top_ids: list[list[int]]
    """The most likely tokens at each position; empty lists where none were requested."""
    top_logprobs: list[list[float]]

    @classmethod
    def of(cls, logprobs: list[float | None]) -> Scores:
        """None of the likeliest. Every place shares one empty list: thousands of them would keep the collector busy."""
        return cls(logprobs, [[]] * len(logprobs), [[]] * len(logprobs))

    def __add__(self, other: Scores) -> Scores:
        return Scores(
            self.logprobs + other.logprobs, self.top_ids + other.top_ids, self.top_logprobs + other.top_logprobs
        )

    def after(self, place: int) -> Scores:
        return Scores(self.logprobs[place:], self.top_ids[place:], self.top_logprobs[place:])

    def first(self, count: int) -> Scores:
        return Scores(self.logprobs[:count], self.top_ids[:count], self.top_logprobs[:count])


@dataclass(frozen=True)
class Answer:
    ids: list[int]
    """Without the token that ended it."""
    scores: Scores
    text: str
    """Up to a stop text."""
    finish: str
    """`stop` or `length`."""


@dataclass(frozen=True)
class GenerateRow:
    ids: list[int]
    sampling: Sampling


@dataclass(frozen=True)
class ScoreRow:
    ids: list[int]
    top: int


class Engine(Protocol):
    """Safe to call from any thread."""

    def text(self, served: Served) -> ModelText:
        """Tokenizer of a model; loaded if it is not."""

    def context(self, served: Served) -> int:
        """Most tokens of prompt and answer together."""

    def generate(self, served: Served, rows: Sequence[GenerateRow]) -> Future[list[Answer]]: ...

    def score(self, served: Served, rows: Sequence[ScoreRow]) -> Future[list[Scores]]: ...

    def training_begins(self) -> None:
        """Before a trainer starts on this machine; returns when it may."""

    def training_ended(self) -> None: ...

    def forget(self, served: Served) -> None:
        """The model was removed."""

    def close(self) -> None: ...
