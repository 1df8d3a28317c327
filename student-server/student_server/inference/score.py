"""Log-probabilities of given tokens, for many sequences at once."""

from collections.abc import Iterator, Sequence
from typing import Any

import torch

from .engine import ScoreRow, Scores

# Numbers in the logits of one forward pass: 256 MiB in 32 bits.
_MOST_LOGITS = 64 << 20


@torch.inference_mode()
def score(model: Any, rows: Sequence[ScoreRow], vocabulary: int, device: str) -> list[Scores]:
    results: dict[int, Scores] = {}
    for chunk in _chunks(rows, vocabulary):
        longest = max(len(rows[place].ids) for place in chunk)
        ids = torch.zeros(len(chunk), longest, dtype=torch.long)
        for n, place in enumerate(chunk):
            ids[n, : len(rows[place].ids)] = torch.tensor(rows[place].ids)
        # Padded on the right, where a causal model never looks: no mask.
        logits = model(input_ids=ids.to(device), use_cache=False).logits
        for n, place in enumerate(chunk):
            results[place] = _scores(logits[n], ids[n], rows[place])
    return [results[place] for place in range(len(rows))]


def _scores(logits: torch.Tensor, ids: torch.Tensor, row: ScoreRow) -> Scores:
    length = len(row.ids)
    if length == 1:
        return Scores.of([None])
    logprobs = logits[: length - 1].float().log_softmax(-1)
    following = ids[1:length, None].to(logprobs.device)
    taken: list[float | None] = [None, *logprobs.gather(1, following)[:, 0].tolist()]
    if row.top == 0:
        return Scores.of(taken)
    if row.top == 1:
        values, indices = logprobs.max(-1, keepdim=True)
    else:
        values, indices = logprobs.topk(min(row.top, logprobs.shape[-1]))
    return Scores(taken, [[], *indices.tolist()], [[], *values.tolist()])


def _chunks(rows: Sequence[ScoreRow], vocabulary: int) -> Iterator[list[int]]:
    """Places of rows of like length, as many as fit into memory."""
    chunk: list[int] = []
    for place in sorted(range(len(rows)), key=lambda place: -len(rows[place].ids)):
        longest = len(rows[chunk[0]].ids) if chunk else len(rows[place].ids)
        if chunk and (len(chunk) + 1) * longest * vocabulary > _MOST_LOGITS:
            yield chunk
            chunk = []
        chunk.append(place)
    if chunk:
        yield chunk
