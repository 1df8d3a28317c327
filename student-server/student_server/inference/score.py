"""Log probabilities of given tokens, for many sequences at once."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import torch

from .engine import ScoreRow, Scores

# Numbers in the logits of the passes under way: 256 MiB in 32 bits. A single row that is longer is sliced.
_MOST_LOGITS = 64 << 20
# On a CPU a pass over more tokens than this waits for memory: what it computes no longer fits beside its core.
_MOST_TOKENS_ON_CPU = 512


class Scorer:
    """
    On a CPU, short passes side by side, each on its own core, do twice the rows of one long pass on all of them. A GPU
    gets passes as long as its memory allows, one after the other; so does a CPU where the vocabulary is large.
    """

    def __init__(self, device: str, threads: int) -> None:
        self._device = device
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads, "scorer") if device == "cpu" else None

    def score(self, model: Any, rows: Sequence[ScoreRow]) -> list[Scores]:
        """Returns when no pass is under way any more, also where one failed: the caller may change the model then."""
        most = _MOST_LOGITS // int(model.config.vocab_size)
        results: dict[int, Scores] = {}

        def work_off(chunks: Iterator[list[int]]) -> None:
            for chunk in chunks:
                scored = _score(model, [rows[place] for place in chunk], self._device)
                results.update(zip(chunk, scored, strict=True))

        if self._pool is None or _remembers_length(model):
            work_off(_chunks(rows, most))
        else:
            longest = max(len(row.ids) for row in rows)
            at_once = max(1, min(self._threads, most // longest))
            chunks = list(_chunks(rows, min(most // at_once, _MOST_TOKENS_ON_CPU)))
            at_once = min(at_once, len(chunks))
            # One iterator for all: a thread that has finished a chunk takes the next.
            shared = iter(chunks)
            workers = [self._pool.submit(_on_cores, self._threads // at_once, work_off, shared) for _ in range(at_once)]
            wait(workers)
            for worker in workers:
                worker.result()
        return [results[place] for place in range(len(rows))]

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()


def _remembers_length(model: Any) -> bool:
    """
    Whether a forward pass writes into the model: positions scaled by the longest sequence so far
    (transformers.modeling_rope_utils.dynamic_rope_update). Two passes at once would get in each other's way.
    """
    parameters = getattr(model.config, "rope_parameters", None) or {}
    layers = [parameters, *(value for value in parameters.values() if isinstance(value, dict))]
    return any("dynamic" in kind or kind == "longrope" for kind in (str(one.get("rope_type")) for one in layers))


def _on_cores(count: int, work: Callable[[Iterator[list[int]]], None], chunks: Iterator[list[int]]) -> None:
    # Counts for the thread that says it.
    torch.set_num_threads(count)
    work(chunks)


@torch.inference_mode()
def _score(model: Any, rows: Sequence[ScoreRow], device: str) -> list[Scores]:
    longest = max(len(row.ids) for row in rows)
    ids = torch.zeros(len(rows), longest, dtype=torch.long)
    for n, row in enumerate(rows):
        ids[n, : len(row.ids)] = torch.tensor(row.ids)
    too_many = ids.numel() * int(model.config.vocab_size) > _MOST_LOGITS
    if too_many and _is_decoder_and_head(model, ids[:, :16].to(device)):
        # Only a row by itself is longer than a pass may be.
        return [_scores_in_slices(model, ids.to(device), row) for row in rows]
    # Padded on the right, where a causal model never looks: no mask.
    logits = model(input_ids=ids.to(device), use_cache=False).logits
    return [_scores(logits[n], ids[n], row) for n, row in enumerate(rows)]


def _is_decoder_and_head(model: Any, ids: torch.Tensor) -> bool:
    """
    Whether a model's logits are what its head makes of what its decoder gives. Some scale or cap them afterwards (Gemma
    2, Granite, Cohere), and no attribute says so in general: the first tokens of the row show it, to the last bit.
    """
    if not hasattr(model, "get_decoder") or not hasattr(model, "get_output_embeddings"):
        return False
    head, decoder = model.get_output_embeddings(), model.get_decoder()
    # A model without a decoder of its own names itself.
    hidden = None if head is None else getattr(decoder(input_ids=ids, use_cache=False), "last_hidden_state", None)
    return hidden is not None and torch.equal(head(hidden), model(input_ids=ids, use_cache=False).logits)


def _scores_in_slices(model: Any, ids: torch.Tensor, row: ScoreRow) -> Scores:
    """The decoder at once, and the head, whose output is the largest by far, over a slice of the tokens at a time."""
    head, hidden = model.get_output_embeddings(), model.get_decoder()(input_ids=ids, use_cache=False).last_hidden_state
    width = max(1, _MOST_LOGITS // int(model.config.vocab_size))
    scores = Scores.of([])
    for at in range(0, len(row.ids), width):
        # The last position of a slice predicts the first token of the next.
        end = min(at + width + 1, len(row.ids))
        if at > 0 and end - at < 2:
            break
        part = _scores(head(hidden[:, at:end])[0], ids[0, at:end], ScoreRow(row.ids[at:end], row.top))
        scores += part if at == 0 else part.after(1)
    return scores


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


def _chunks(rows: Sequence[ScoreRow], most_tokens: int) -> Iterator[list[int]]:
    """Places of rows of like length, with padding at most so many tokens; a longer row is a chunk by itself."""
    chunk: list[int] = []
    for place in sorted(range(len(rows)), key=lambda place: -len(rows[place].ids)):
        longest = len(rows[chunk[0]].ids) if chunk else len(rows[place].ids)
        if chunk and (len(chunk) + 1) * longest > most_tokens:
            yield chunk
            chunk = []
        chunk.append(place)
    if chunk:
        yield chunk
