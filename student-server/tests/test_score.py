"""Scoring passes side by side: the rows keep their places, and nothing runs where something may be changed."""

import threading
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from peft import LoraConfig, get_peft_model
from transformers import Gemma2Config, Gemma2ForCausalLM, LlamaConfig, LlamaForCausalLM

from student_server.inference.engine import ScoreRow
from student_server.inference.score import Scorer

SMALL = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2}
# Longer than a pass takes, shorter ones that share one, and a single token, which has nothing before it.
ROWS = [
    ScoreRow([(7 * row + 3 * at) % 64 for at in range(length)], 2)
    for row, length in enumerate([5, 700, 1, 90, 300, 90, 2])
]


def llama(**more: Any) -> LlamaForCausalLM:
    torch.manual_seed(1)
    return LlamaForCausalLM(LlamaConfig(**SMALL, max_position_embeddings=1024, **more)).eval()


def scored(model: Any, rows: list[ScoreRow], threads: int) -> list[list[float | None]]:
    scorer = Scorer("cpu", threads)
    try:
        return [scores.logprobs for scores in scorer.score(model, rows)]
    finally:
        scorer.close()


def scored_in(model: Any, rows: list[ScoreRow]) -> tuple[Any, int]:
    """With the widest logits that the head made."""
    widths: list[int] = []
    hook = model.get_output_embeddings().register_forward_hook(lambda *at: widths.append(at[2].shape[1]))
    scorer = Scorer("cpu", 1)
    try:
        return scorer.score(model, rows), max(widths)
    finally:
        scorer.close()
        hook.remove()


@pytest.mark.parametrize("adapter", [False, True])
@pytest.mark.parametrize("length", [100, 101, 102, 700])
def test_the_logits_of_a_long_row_are_made_in_slices(
    monkeypatch: pytest.MonkeyPatch, length: int, adapter: bool
) -> None:
    model: Any = llama()
    if adapter:
        # One that says something, also in the head.
        model = get_peft_model(model, LoraConfig(target_modules=["q_proj", "lm_head"], init_lora_weights=False)).eval()
    rows = [ScoreRow([(7 * at) % 64 for at in range(length)], 2)]
    (whole,), widest = scored_in(model, rows)
    assert widest == length
    monkeypatch.setattr("student_server.inference.score._MOST_LOGITS", 64 * 100)
    (sliced,), widest = scored_in(model, rows)
    assert widest <= 101
    assert sliced.logprobs[0] is None
    assert sliced.logprobs[1:] == pytest.approx(whole.logprobs[1:], abs=1e-4)
    assert sliced.top_ids == whole.top_ids
    assert [len(best) for best in sliced.top_logprobs] == [0, *[2] * (length - 1)]


def test_a_model_that_changes_its_logits_afterwards_makes_them_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(1)
    shape = {**SMALL, "head_dim": 16, "num_key_value_heads": 2}
    model = Gemma2ForCausalLM(Gemma2Config(**shape, final_logit_softcapping=0.5, max_position_embeddings=1024)).eval()
    rows = [ScoreRow([(7 * at) % 64 for at in range(700)], 2)]
    (whole,), _ = scored_in(model, rows)
    monkeypatch.setattr("student_server.inference.score._MOST_LOGITS", 64 * 100)
    (again,), widest = scored_in(model, rows)
    assert widest == 700
    assert again.logprobs[1:] == pytest.approx(whole.logprobs[1:], abs=1e-4)


def test_rows_scored_side_by_side_are_those_scored_alone_in_the_order_given() -> None:
    model = llama()
    together = scored(model, ROWS, threads=3)
    for row, given in zip(ROWS, together, strict=True):
        assert len(given) == len(row.ids)
        assert given[0] is None
        assert given[1:] == pytest.approx(scored(model, [row], threads=1)[0][1:], abs=1e-4)


class Watched:
    """A model that counts who is in it, and waits inside until as many are there or it is not worth waiting."""

    def __init__(
        self, model: LlamaForCausalLM, together: int, timeout: float = 30, fails_on: int | None = None
    ) -> None:
        self.config = model.config
        self.inside = 0
        self.most = 0
        self.threads: set[int] = set()
        self._model = model
        self._together = together
        self._timeout = timeout
        self._fails_on = fails_on
        self._changed = threading.Condition()

    def __call__(self, input_ids: torch.Tensor, **more: Any) -> Any:
        with self._changed:
            self.inside += 1
            self.most = max(self.most, self.inside)
            self.threads.add(torch.get_num_threads())
            self._changed.notify_all()
            self._changed.wait_for(lambda: self.most >= self._together, timeout=self._timeout)
        try:
            if input_ids.shape[1] == self._fails_on:
                raise RuntimeError("out of memory")
            return self._model(input_ids=input_ids, **more)
        finally:
            with self._changed:
                self.inside -= 1


def test_passes_run_side_by_side_each_with_its_share_of_the_threads() -> None:
    model = Watched(llama(), together=2)
    scored(model, ROWS, threads=2)
    assert (model.most, model.threads) == (2, {1})
    alone = Watched(llama(), together=1)
    scored(alone, ROWS[:1], threads=2)
    assert (alone.most, alone.threads) == (1, {2})


def test_passes_under_way_share_the_memory_that_one_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    # Room for the logits of 1,000 tokens: 700 leave none for a second pass, 300 for two more.
    monkeypatch.setattr("student_server.inference.score._MOST_LOGITS", 64 * 1000)
    large = Watched(llama(), together=2, timeout=0.1)
    scored(large, ROWS, threads=3)
    assert (large.most, large.threads) == (1, {3})
    small = Watched(llama(), together=4, timeout=0.1)
    scored(small, [row for row in ROWS if len(row.ids) <= 300], threads=4)
    assert (small.most, small.threads) == (3, {1})


@pytest.mark.parametrize(
    "rope", [{"rope_type": "dynamic", "factor": 2.0, "rope_theta": 1e4}, {"full_attention": {"rope_type": "longrope"}}]
)
def test_a_model_that_remembers_lengths_takes_one_pass_at_a_time(rope: dict[str, Any]) -> None:
    model = Watched(llama(), together=2, timeout=0.1)
    model.config = SimpleNamespace(vocab_size=64, rope_parameters=rope)
    scored(model, ROWS, threads=2)
    assert model.most == 1


def test_a_failed_pass_is_told_when_no_other_one_is_under_way() -> None:
    # The longest row comes first and fails while the second pass is inside.
    model = Watched(llama(), together=2, fails_on=700)
    scorer = Scorer("cpu", 2)
    with pytest.raises(RuntimeError, match="out of memory"):
        scorer.score(model, ROWS)
    assert model.inside == 0
    scorer.close()
