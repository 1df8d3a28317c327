"""Generation for many prompts at once: padded on the left, with a mask and a key-value cache."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from ..models.text import ModelText
from .engine import Answer, GenerateRow, Sampling, Scores

# Shared, as in `Scores.of`, and never changed.
_NONE: list[Any] = []


@dataclass
class _Row:
    """One answer that is being written."""

    place: int
    sampling: Sampling
    generator: torch.Generator
    begins: bool
    """Only special tokens precede the answer."""
    ids: list[int] = field(default_factory=list)
    scores: Scores = field(default_factory=lambda: Scores([], [], []))
    answer: Answer | None = None


@torch.inference_mode()
def generate(
    model: Any, text: ModelText, ends: frozenset[int], rows: Sequence[GenerateRow], device: str, context: int
) -> list[Answer]:
    """`rows` end within `context` tokens each, prompt and answer together."""
    writing = [
        _Row(place, row.sampling, _generator(row.sampling.seed), text.begins_after(row.ids))
        for place, row in enumerate(rows)
    ]
    ids, mask = _pad_left([row.ids for row in rows], device)
    positions = (mask.cumsum(-1) - 1).clamp(min=0)
    padded = not bool(mask.all())
    cache: Any = None
    answers: dict[int, Answer] = {}
    while True:
        # Without padding there is nothing to mask, and attention is faster.
        output = model(
            input_ids=ids,
            attention_mask=mask if padded else None,
            position_ids=positions,
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        cache = output.past_key_values
        chosen = _choose(output.logits[:, -1].float(), writing)
        for row, token in zip(writing, chosen, strict=True):
            _extend(row, token, ends, text)
            if row.answer is not None:
                answers[row.place] = row.answer
        live = [n for n, row in enumerate(writing) if row.answer is None]
        if not live:
            return [answers[place] for place in range(len(rows))]
        # A row that has ended may wait in the batch for longer than the model has positions.
        positions = (positions[:, -1:] + 1).clamp(max=context - 1)
        mask = torch.cat([mask, mask.new_ones(len(writing), 1)], dim=1)
        ids = torch.tensor(chosen, device=device)[:, None]
        if 4 * len(live) <= 3 * len(writing):
            # Rows that have ended cost as much as the others until they leave the batch.
            keep = torch.tensor(live, device=device)
            cache.batch_select_indices(keep)
            ids, mask, positions = ids[keep], mask[keep], positions[keep]
            writing = [writing[n] for n in live]


def _generator(seed: int) -> torch.Generator:
    generator = torch.Generator()
    generator.manual_seed(seed)
    return generator


def _pad_left(prompts: Sequence[list[int]], device: str) -> tuple[torch.Tensor, torch.Tensor]:
    longest = max(len(prompt) for prompt in prompts)
    ids = torch.zeros(len(prompts), longest, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, longest - len(prompt) :] = torch.tensor(prompt)
        mask[row, longest - len(prompt) :] = 1
    return ids.to(device), mask.to(device)


def _choose(logits: torch.Tensor, rows: Sequence[_Row]) -> list[int]:
    """The next token of each row; notes how likely it was before temperature."""
    logprobs = logits.log_softmax(-1)
    tokens = logprobs.argmax(-1)
    for n, row in enumerate(rows):
        if row.answer is None and row.sampling.temperature > 0:
            tokens[n] = _draw(logprobs[n].cpu(), row)
    taken = logprobs.gather(1, tokens[:, None])[:, 0].tolist()
    most = max(row.sampling.top for row in rows)
    if most > 0:
        values, indices = logprobs.topk(min(most, logprobs.shape[-1]))
        likeliest, likeliness = indices.tolist(), values.tolist()
    chosen: list[int] = tokens.tolist()
    for n, row in enumerate(rows):
        if row.answer is not None:
            continue
        row.scores.logprobs.append(taken[n])
        top = row.sampling.top
        row.scores.top_ids.append(likeliest[n][:top] if top > 0 else _NONE)
        row.scores.top_logprobs.append(likeliness[n][:top] if top > 0 else _NONE)
    return chosen


def _draw(logprobs: torch.Tensor, row: _Row) -> torch.Tensor:
    probabilities = (logprobs / row.sampling.temperature).softmax(-1)
    if row.sampling.top_p < 1:
        ordered, indices = probabilities.sort(descending=True)
        # The token that passes the threshold still belongs to the nucleus.
        ordered[ordered.cumsum(-1) - ordered >= row.sampling.top_p] = 0
        probabilities = torch.zeros_like(probabilities).scatter(0, indices, ordered)
    return torch.multinomial(probabilities, 1, generator=row.generator)[0]


def _extend(row: _Row, token: int, ends: frozenset[int], text: ModelText) -> None:
    if row.answer is not None:
        return
    if token in ends:
        row.answer = _finished(row, text, len(row.ids), None, "stop")
        return
    row.ids.append(token)
    if row.sampling.stop:
        pieces = text.pieces(row.ids, begins=row.begins)
        written = "".join(pieces)
        found = [at for at in (written.find(stop) for stop in row.sampling.stop) if at >= 0]
        if found:
            end, kept, length = min(found), 0, 0
            while length < end:
                length += len(pieces[kept])
                kept += 1
            row.answer = _finished(row, text, kept, end, "stop")
            return
    if len(row.ids) == row.sampling.max_tokens:
        row.answer = _finished(row, text, len(row.ids), None, "length")


def _finished(row: _Row, text: ModelText, tokens: int, characters: int | None, finish: str) -> Answer:
    ids = row.ids[:tokens]
    written = "".join(text.pieces(ids, begins=row.begins))[:characters]
    return Answer(ids, row.scores.first(tokens), written, finish)
