"""Generation and log probabilities: many prompts at once give what each would give alone."""

import json
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from workbench import BASE, Workbench, jsonl, prompt_of, rows, target_of

from student_server.inference.engine import GenerateRow, Sampling
from student_server.inference.generate import generate
from student_server.models.build_base import build_base
from student_server.models.text import ModelText

PROMPTS = [prompt_of(row) for row in rows(6)] + ["Say", "Say red, and then again, and then once more.\n", "é", ""]


@pytest.fixture(scope="module")
def student(shared_bench: Workbench) -> str:
    job = shared_bench.trained(hyperparameters={"n_epochs": 40, "learning_rate_multiplier": 2}, seed=1)
    return str(job["fine_tuned_model"])


@pytest.fixture(scope="module")
def adapter(shared_bench: Workbench) -> str:
    return str(shared_bench.trained(model=f"{BASE}@lora", hyperparameters={"n_epochs": 40})["fine_tuned_model"])


def logprobs(choice: dict[str, Any]) -> list[float]:
    reported: list[float] = choice["logprobs"]["token_logprobs"]
    return reported


def test_many_prompts_at_once_give_what_each_gives_alone(shared_bench: Workbench, student: str) -> None:
    more = {"max_tokens": 20, "logprobs": 0, "return_token_ids": True}
    together = shared_bench.complete(student, PROMPTS, **more)
    alone = [shared_bench.complete(student, prompt, **more)[0] for prompt in PROMPTS]
    for one, other in zip(together, alone, strict=True):
        assert one["token_ids"] == other["token_ids"]
        assert one["text"] == other["text"]
        assert logprobs(one) == pytest.approx(logprobs(other), abs=1e-4)


def test_a_row_that_has_ended_does_not_pass_the_positions_of_the_model(tmp_path: Path) -> None:
    """A model that learned its positions has no more of them; a batch goes on for its longest answer."""
    from transformers import GPT2Config, GPT2LMHeadModel

    text = ModelText(str(build_base(tmp_path, BASE)))
    config = GPT2Config(vocab_size=text.vocabulary, n_positions=24, n_embd=16, n_layer=1, n_head=1)
    model = GPT2LMHeadModel(config).eval()
    asked = [GenerateRow([5] * 22, Sampling(2)), GenerateRow([6] * 4, Sampling(20)), GenerateRow([7] * 4, Sampling(20))]
    together = generate(model, text, frozenset(), asked, "cpu", 24)
    alone = [generate(model, text, frozenset(), [row], "cpu", 24)[0] for row in asked]
    assert [answer.ids for answer in together] == [answer.ids for answer in alone]
    assert [len(answer.ids) for answer in together] == [2, 20, 20]


def test_scoring_agrees_with_generation(shared_bench: Workbench, student: str) -> None:
    more = {"max_tokens": 20, "logprobs": 1, "return_token_ids": True}
    written = shared_bench.complete(student, PROMPTS, **more)
    both = [choice["prompt_token_ids"] + choice["token_ids"] for choice in written]
    scored = shared_bench.complete(student, both, max_tokens=0, echo=True, logprobs=1)
    for choice, score in zip(written, scored, strict=True):
        count = len(choice["token_ids"])
        assert count > 0
        assert logprobs(score)[-count:] == pytest.approx(logprobs(choice), abs=1e-3)
        assert logprobs(score)[0] is None
        # Greedy: the token that was taken is the likeliest.
        assert [max(top.values()) for top in choice["logprobs"]["top_logprobs"]] == pytest.approx(logprobs(choice))


def test_probabilities_of_all_tokens_sum_to_one(shared_bench: Workbench, student: str) -> None:
    ids = shared_bench.client.post("/tokenize", json={"model": student, "prompt": "Say"}).json()["tokens"]
    text = shared_bench.services.engine.get().text(shared_bench.services.catalog.find(student))
    continued = [[*ids, token] for token in range(text.vocabulary)]
    scored = shared_bench.complete(student, continued, max_tokens=0, echo=True, logprobs=0)
    import math

    assert sum(math.exp(logprobs(choice)[-1]) for choice in scored) == pytest.approx(1, abs=1e-3)


def test_echo_gives_the_prompt_back_to_the_letter(shared_bench: Workbench, student: str) -> None:
    prompts = ["Say red", "naïve 😀 日本\n\ttab", "</s><s> spelled out", " leading", ""]
    for choice, prompt in zip(
        shared_bench.complete(student, prompts, max_tokens=0, echo=True, logprobs=1), prompts, strict=True
    ):
        reported = choice["logprobs"]
        assert choice["text"] == prompt == "".join(reported["tokens"])
        assert len(reported["tokens"]) == len(reported["token_logprobs"]) == len(reported["text_offset"])
        at = reported["text_offset"]
        assert [prompt[a:b] for a, b in zip(at, [*at[1:], len(prompt)], strict=True)] == reported["tokens"]
    (longer,) = shared_bench.complete(student, "Say", max_tokens=3, echo=True)
    (answer,) = shared_bench.complete(student, "Say", max_tokens=3)
    assert longer["text"] == "Say" + answer["text"]


def test_a_stop_text_ends_an_answer_before_it(shared_bench: Workbench, student: str) -> None:
    prompt, target = prompt_of(rows()[0]), target_of(rows()[0])
    (choice,) = shared_bench.complete(student, prompt, max_tokens=30, stop=["\nThe", "zzz"], logprobs=0)
    assert (choice["text"], choice["finish_reason"]) == (target.partition("\nThe")[0], "stop")
    assert "".join(choice["logprobs"]["tokens"]).startswith(choice["text"])
    (cut,) = shared_bench.complete(student, prompt, max_tokens=2)
    assert cut["finish_reason"] == "length"


def test_a_seed_gives_the_same_answers_in_any_company(shared_bench: Workbench, student: str) -> None:
    drawn: dict[str, Any] = {"temperature": 1.5, "max_tokens": 12, "n": 3}
    one = [choice["text"] for choice in shared_bench.complete(student, "Say", seed=5, **drawn)]
    two = [choice["text"] for choice in shared_bench.complete(student, ["Say red", "Say"], seed=5, **drawn)]
    other = [choice["text"] for choice in shared_bench.complete(student, "Say", seed=6, **drawn)]
    assert one == two[3:]
    assert one != other
    assert len(set(one)) > 1
    nucleus = shared_bench.complete(student, "Say", seed=5, **drawn | {"top_p": 1e-6})
    assert {choice["text"] for choice in nucleus} == {shared_bench.complete(student, "Say", max_tokens=12)[0]["text"]}


def test_chat_is_asked_as_the_student_was_taught(shared_bench: Workbench, student: str) -> None:
    prompt = prompt_of(rows()[1])
    body = {"model": student, "messages": [{"role": "user", "content": prompt}], "temperature": 0}
    answer = shared_bench.client.post("/v1/chat/completions", json=body | {"logprobs": True, "top_logprobs": 2}).json()
    (choice,) = shared_bench.complete(student, prompt, max_tokens=50, logprobs=0)
    reported = answer["choices"][0]
    assert reported["message"]["content"] == choice["text"]
    assert [token["logprob"] for token in reported["logprobs"]["content"]] == pytest.approx(logprobs(choice), abs=1e-4)
    assert all(len(token["top_logprobs"]) == 2 for token in reported["logprobs"]["content"])
    assert answer["usage"]["completion_tokens"] == len(reported["logprobs"]["content"])


def test_adapters_and_their_base_take_turns(shared_bench: Workbench, student: str, adapter: str) -> None:
    other = str(shared_bench.trained(model=f"{BASE}@lora", seed=9)["fine_tuned_model"])
    ids = [0, 50, 60, 70, 80]

    def score(model: str) -> tuple[float, ...]:
        (choice,) = shared_bench.complete(model, ids, max_tokens=0, echo=True, logprobs=0)
        return tuple(logprobs(choice)[1:])

    first = {model: score(model) for model in (adapter, other, BASE, student)}
    assert len(set(first.values())) == 4
    again = {model: score(model) for model in (student, other, BASE, adapter)}
    assert again == first


def test_requests_at_the_same_time_share_a_batch(shared_bench: Workbench, student: str) -> None:
    batches = shared_bench.services.metrics.batch_rows

    def counted() -> tuple[float, float]:
        values = {sample.name: sample.value for sample in next(iter(batches.collect())).samples}
        return values["student_batch_rows_count"], values["student_batch_rows_sum"]

    before = counted()
    with ThreadPoolExecutor(16) as pool:
        texts = list(pool.map(lambda n: shared_bench.complete(student, PROMPTS[n % 6])[0]["text"], range(32)))
    after = counted()
    assert texts == [shared_bench.complete(student, PROMPTS[n % 6])[0]["text"] for n in range(32)]
    assert after[1] - before[1] == 32
    assert after[0] - before[0] < 32


def test_a_removed_student_is_gone(shared_bench: Workbench) -> None:
    job = shared_bench.trained(hyperparameters={"n_epochs": 1}, metadata={"removed": "1"})
    model = job["fine_tuned_model"]
    shared_bench.complete(model, "Say", max_tokens=1)
    assert shared_bench.client.delete(f"/v1/models/{model}").json()["deleted"] is True
    assert not shared_bench.home.model(job["id"]).exists()
    assert shared_bench.client.post("/v1/completions", json={"model": model, "prompt": "a"}).status_code == 404


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"model": "gone"}, (404, "model_not_found", "model")),
        ({"model": ".."}, (404, "model_not_found", "model")),
        ({"stream": True}, (400, "unsupported_parameter", "stream")),
        ({"tools": [{"type": "function"}]}, (400, "unsupported_parameter", "tools")),
        ({"prompt": "x " * 2000}, (400, "context_length_exceeded", "prompt")),
        ({"prompt": "x", "max_tokens": 5000}, (400, "context_length_exceeded", "prompt")),
        ({"prompt": []}, (400, "invalid_value", "prompt")),
        ({"prompt": [1, 99999]}, (400, "invalid_value", "prompt")),
        ({"prompt": [-1]}, (400, "invalid_value", "prompt")),
        ({"prompt": 5}, (400, "invalid_value", "prompt")),
        ({"temperature": -1}, (400, "invalid_value", "temperature")),
        ({"logprobs": 21}, (400, "invalid_value", "logprobs")),
        ({"n": 0}, (400, "invalid_value", "n")),
        ({"stop": ""}, (400, "invalid_value", "stop")),
        ({"prompt": "\ud800"}, (400, "invalid_value", "prompt")),
    ],
)
def test_what_is_wrong_is_refused_by_name(shared_bench: Workbench, student: str, changes: Any, expected: Any) -> None:
    # By hand: half of a surrogate pair is JSON, and no text.
    content = json.dumps({"model": student, "prompt": "a"} | changes).encode()
    answer = shared_bench.client.post("/v1/completions", content=content, headers={"Content-Type": "application/json"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == expected


def test_a_base_can_be_asked_before_anything_was_trained(bench: Workbench) -> None:
    tokens = bench.client.post("/tokenize", json={"model": BASE, "prompt": "", "add_special_tokens": True}).json()
    assert (tokens["tokens"], tokens["max_model_len"]) == ([0], 1024)
    (choice,) = bench.complete(f"{BASE}@lora", "Name a colour.\n", max_tokens=8, logprobs=1)
    assert len(logprobs(choice)) == 8
    # Every tokenizer of a blueprint starts texts alike, so what was learned of the base holds for its students.
    trained = bench.trained(hyperparameters={"n_epochs": 1})["fine_tuned_model"]
    assert bench.client.post("/tokenize", json={"model": trained, "prompt": ""}).json()["tokens"] == [0]


def test_a_folder_is_a_base_too(shared_bench: Workbench, student: str, tmp_path: Any) -> None:
    folder = shared_bench.services.catalog.find(student).folder
    with Workbench(tmp_path / "home", ("--base", f"mine={folder}")) as other:
        prompt = prompt_of(rows()[2])
        (before,) = shared_bench.complete(student, prompt, max_tokens=20)
        (after,) = other.complete("mine", prompt, max_tokens=20)
        assert after["text"] == before["text"]
        job = other.trained(model="mine", hyperparameters={"n_epochs": 1})
        assert job["recipe"]["adapter"] == "lora"
        assert other.complete(job["fine_tuned_model"], prompt, max_tokens=3)[0]["text"]


def test_the_file_of_a_run_is_read_whatever_stands_in_it(shared_bench: Workbench) -> None:
    """Unicode, line separators inside strings, a long text: as the run writes them."""
    odd = ["naïve 😀\u2028next", "\u0000", "a" * 3000, "</s>", "日本語"]
    content = jsonl([{"messages": [{"role": "user", "content": t}, {"role": "assistant", "content": t}]} for t in odd])
    job = shared_bench.trained(content=content, hyperparameters={"n_epochs": 1})
    assert any("longer than" in event["message"] for event in shared_bench.events(job["id"])) is False
    assert job["trained_tokens"] > 0


def test_the_event_loop_waits_for_no_tokenizer(
    shared_bench: Workbench, student: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = shared_bench.services.engine.get()
    text, threads = engine.text, set()

    def watched(served: Any) -> Any:
        threads.add(threading.current_thread().name.partition("_")[0])
        return text(served)

    monkeypatch.setattr(engine, "text", watched)
    body = {"model": student, "messages": [{"role": "user", "content": "Say"}], "max_tokens": 2}
    assert shared_bench.client.post("/v1/chat/completions", json=body).status_code == 200
    assert threads == {"tokenizer", "inference"}


@pytest.mark.parametrize(("device", "left"), [("cuda:0", 0), ("cpu", 1)])
def test_weights_leave_a_gpu_when_training_begins_and_come_back(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, device: str, left: int
) -> None:
    (before,) = bench.complete(BASE, "Say", max_tokens=4)
    engine: Any = bench.services.engine.get()
    weights = [weakref.ref(loaded.model) for loaded in engine._loaded._weights.values()]
    with monkeypatch.context() as named:
        # What the device is called, and nothing else.
        named.setattr(engine, "_settings", replace(engine._settings, device=device))
        engine.training_begins()
    assert sum(model() is not None for model in weights) == left
    engine.training_ended()
    (after,) = bench.complete(BASE, "Say", max_tokens=4)
    assert after["text"] == before["text"]
