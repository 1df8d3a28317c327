"""What training does with a recipe, on a model of 59,000 parameters."""

import errno
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from workbench import BASE, Workbench, jsonl, prompt_of, rows, target_of

from student_server.models.blueprints import BLUEPRINTS
from student_server.models.build_base import build_base
from student_server.models.text import ModelText
from student_server.state.database import Database
from student_server.training.batches import plan_batches
from student_server.training.checkpoint import Checkpoints, Progress
from student_server.training.encode import encode_examples
from student_server.training.examples import InvalidTrainingFile, read_examples
from student_server.training.loop import Loop
from student_server.training.plan import TrainingPlan
from student_server.training.recipe import Recipe
from student_server.training.rows import make_rows
from student_server.training.schedule import rate_factor
from student_server.training.student import load_student

LEARNED = {"n_epochs": 80, "batch_size": 8, "learning_rate_multiplier": 2}


def losses(bench: Workbench, job: str) -> list[float]:
    return [event["data"]["train_loss"] for event in bench.events(job) if event["type"] == "metrics"]


def stopping_early(bench: Workbench) -> str:
    """A job whose validation file asks for what its training file takes away."""
    wrong = [{"messages": [row["messages"][0], {"role": "assistant", "content": "zzz"}]} for row in rows(6)]
    changes = {"n_epochs": 40, "early_stop": 2}
    return str(bench.create(validation_file=bench.upload(jsonl(wrong)), hyperparameters=changes).json()["id"])


def valid_losses(bench: Workbench, job: str) -> tuple[list[float], float]:
    """Those that were told, and the model's."""
    told = [event["data"]["valid_loss"] for event in bench.events(job) if event["type"] == "metrics"]
    (model,) = bench.client.get(f"/v1/fine_tuning/jobs/{job}/checkpoints").json()["data"]
    return told, model["metrics"]["full_valid_loss"]


@pytest.mark.parametrize("recipe", ["full", "lora"])
def test_a_student_learns_what_its_file_says(bench: Workbench, recipe: str) -> None:
    job = bench.trained(model=f"{BASE}@{recipe}", hyperparameters=LEARNED, suffix="stage-0", seed=1)
    assert job["fine_tuned_model"] == f"ft:{BASE}:local:stage-0:{job['id'][-8:]}"
    told = losses(bench, job["id"])
    # Random matrices beside random weights learn little; it has to be something.
    assert told[-1] < told[0] * (0.3 if recipe == "full" else 0.97)
    if recipe == "full":
        answers = bench.complete(job["fine_tuned_model"], [prompt_of(row) for row in rows(6)], max_tokens=30)
        assert [answer["text"] for answer in answers] == [target_of(row) for row in rows(6)]
    checkpoint = bench.client.get(f"/v1/fine_tuning/jobs/{job['id']}/checkpoints").json()["data"][0]
    assert checkpoint["fine_tuned_model_checkpoint"] == job["fine_tuned_model"]
    assert job["trained_tokens"] > 0


def test_the_same_job_gives_the_same_bytes_and_another_seed_other_ones(bench: Workbench) -> None:
    one, two, other = (bench.trained(seed=seed, metadata={"n": n}) for seed, n in ((1, "1"), (1, "2"), (2, "3")))
    assert bench.weights(one["id"]) == bench.weights(two["id"]) != bench.weights(other["id"])


def test_a_job_that_was_asked_to_stop_goes_on_to_the_same_bytes(bench: Workbench) -> None:
    """Also over a checkpoint that a power cut has spoiled, and over a half-written one."""
    more: dict[str, Any] = {"model": f"{BASE}@lora", "seed": 4}
    whole = bench.trained(**more)
    job = bench.create(metadata={"again": "1"}, **more).json()["id"]
    assert bench.train(job, stop_after=17)["status"] == "running"
    checkpoints = bench.home.job(job) / "checkpoints"
    assert [path.name for path in checkpoints.iterdir()] == ["step-00000017"]
    (checkpoints / "step-00000018").mkdir()
    (checkpoints / "step-00000018" / "progress.json").write_text("{")
    (checkpoints / ".unfinished-step-00000019-1").mkdir()
    bench.services.jobs.requeue(job, "stopped")
    assert bench.train(job)["status"] == "succeeded"
    assert bench.weights(job) == bench.weights(whole["id"])
    assert losses(bench, job) == losses(bench, whole["id"])


def test_micro_batches_change_memory_and_not_the_result(bench: Workbench) -> None:
    one = bench.trained(hyperparameters={"n_epochs": 4})
    two = bench.trained(hyperparameters={"n_epochs": 4, "micro_batch": 3})
    assert losses(bench, two["id"]) == pytest.approx(losses(bench, one["id"]), abs=2e-4)


def test_validation_takes_no_more_memory_than_a_micro_batch(bench: Workbench) -> None:
    """In packed blocks a micro-batch counts blocks; validation has examples, which are no longer."""
    for micro_batch, expected in ((3, [3, 3, 3, 1]), (None, [10]), (40, [10])):
        job = bench.create(hyperparameters={"micro_batch": micro_batch}).json()["id"]
        plan = TrainingPlan.model_validate(bench.services.jobs.get(job).plan)
        student = load_student(bench.home, plan, None, ["Say red"], "cpu")
        (bench.home.root / "ten").write_bytes(jsonl(rows(10)))
        encoded = encode_examples(student.text, read_examples(bench.home.root / "ten"), plan.recipe)
        passes: list[int] = []
        student.model.register_forward_pre_hook(
            lambda _, words, named, passes=passes: passes.append(len(named["input_ids"])), with_kwargs=True
        )
        Loop(student.model, plan, encoded, "cpu").mean_loss(encoded)
        assert passes == expected


def test_packed_examples_do_not_see_each_other(tmp_path: Path) -> None:
    folder = build_base(tmp_path, BASE)
    text = ModelText(str(folder))
    from transformers import LlamaForCausalLM

    (tmp_path / "t.jsonl").write_bytes(jsonl(rows(5)))
    encoded = encode_examples(text, read_examples(tmp_path / "t.jsonl"), Recipe())
    model = LlamaForCausalLM.from_pretrained(folder).eval()
    packed = make_rows(encoded, [(0, 1, 2), (3, 4)], packed=True)
    together = model(input_ids=packed.ids, position_ids=packed.positions, use_cache=False).logits
    at = len(encoded[0].ids)
    alone = model(input_ids=torch.tensor([encoded[1].ids]), use_cache=False).logits
    torch.testing.assert_close(together[:1, at : at + len(encoded[1].ids)], alone, atol=1e-5, rtol=1e-5)
    assert sorted(packed.targets.tolist()) == sorted(token for one in encoded for token in one.ids[one.learned_from :])


def test_packing_uses_every_example_once_and_passes_no_block() -> None:
    lengths = [5 + n * 7 % 90 for n in range(200)]
    batches = plan_batches(lengths, size=4, seed=1, packed_to=100)
    assert sorted(index for unit in batches.units for index in unit) == list(range(200))
    assert max(batches.lengths) <= 100
    assert sum(lengths) / (100 * len(batches.units)) > 0.85
    assert batches.epoch(0) == plan_batches(lengths, 4, 1, 100).epoch(0) != batches.epoch(1)
    assert sorted(unit for batch in batches.epoch(0) for unit in batch) == sorted(batches.units)


def test_early_stop_keeps_the_best_epoch(bench: Workbench) -> None:
    job = stopping_early(bench)
    assert bench.train(job)["status"] == "succeeded"
    messages = [event["message"] for event in bench.events(job)]
    assert any(message.startswith("Stopped early at step") for message in messages)
    told, model = valid_losses(bench, job)
    assert model == min(told) < told[-1]


def test_a_student_goes_on_from_a_student(bench: Workbench) -> None:
    for recipe in ("full", "lora"):
        first = bench.trained(model=f"{BASE}@{recipe}", seed=7)
        second = bench.trained(model=first["fine_tuned_model"], seed=7)
        assert second["recipe"] == first["recipe"]
        assert losses(bench, second["id"])[0] < losses(bench, first["id"])[0]


def test_a_student_goes_on_in_full_or_with_its_adapter_as_it_began(bench: Workbench) -> None:
    """An adapter over a student's own weights would be served over those of the untrained base."""
    for recipe, other, changed in (("full", "lora", "lora"), ("lora", "full", "none")):
        student = bench.trained(model=f"{BASE}@{recipe}", hyperparameters={"n_epochs": 1})["fine_tuned_model"]
        asked = ({"model": f"{student}@{other}"}, {"model": student, "hyperparameters": {"adapter": changed}})
        for more in asked:
            refused = bench.create(**more)
            assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unsupported")
            assert "goes on with it" in refused.json()["error"]["message"]
        assert bench.create(model=f"{student}@{recipe}").status_code == 200


def test_an_adapter_keeps_its_matrices(bench: Workbench) -> None:
    student = bench.trained(model=f"{BASE}@lora", hyperparameters={"n_epochs": 1, "rank": 4})["fine_tuned_model"]
    for more in ({"model": student, "hyperparameters": {"rank": 8}}, {"model": f"{student}@lora"}):
        refused = bench.create(**more)
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "unsupported")
        assert "trained with rank: 4 and goes on with it" in refused.json()["error"]["message"]
    assert bench.create(model=student, hyperparameters={"rank": 4, "learning_rate": 1e-3}).status_code == 200


def test_an_adapter_that_was_planned_over_a_student_trained_in_full_is_not_trained(bench: Workbench) -> None:
    """Its job waits since before such jobs were refused."""
    student = bench.trained(hyperparameters={"n_epochs": 1})["fine_tuned_model"]
    waiting = bench.create(model=student, seed=2).json()["id"]
    plan = bench.services.jobs.get(waiting).plan
    plan["recipe"]["adapter"] = "lora"
    with Database(bench.home.database).write() as write:
        write.execute("update jobs set plan = ? where id = ?", (json.dumps(plan), waiting))
    failed = bench.train(waiting)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "unsupported")


def test_losses_are_told_once_by_a_training_that_begins_again(bench: Workbench) -> None:
    whole = bench.trained(seed=4)
    object.__setattr__(bench.settings, "checkpoint_budget", 1000)
    job = bench.create(seed=4, metadata={"again": "1"}).json()["id"]
    assert bench.train(job, stop_after=27)["status"] == "running"
    assert len(losses(bench, job)) == 2
    bench.services.jobs.requeue(job, "killed before its first checkpoint")
    assert bench.train(job)["status"] == "succeeded"
    assert losses(bench, job) == losses(bench, whole["id"])


def test_messages_that_the_chat_template_refuses_are_told(bench: Workbench) -> None:
    base = build_base(bench.home.bases, BASE)
    config = json.loads((base / "tokenizer_config.json").read_text())
    config["chat_template"] = "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}x"
    (base / "tokenizer_config.json").write_text(json.dumps(config))
    system = {"role": "system", "content": "s"}
    with Workbench(bench.home.root.parent / "other", (f"--base=mine={base}",), bases=()) as other:
        for path, more in (("/v1/chat/completions", {"max_tokens": 1}), ("/tokenize", {})):
            refused = other.client.post(path, json={"model": "mine", "messages": [system], **more})
            assert (refused.status_code, refused.json()["error"]["param"]) == (400, "messages")
            assert "no system" in refused.json()["error"]["message"]
        asked = [{"messages": [system, *row["messages"]]} for row in rows(2)]
        created = other.create(jsonl(asked), model="mine", hyperparameters={"template": "chat"}).json()
        failed = other.train(created["id"])["error"]
        assert (failed["code"], "no system" in failed["message"]) == ("invalid_training_file", True)


def test_an_answer_to_nothing_is_learned_from_its_first_token(tmp_path: Path) -> None:
    """A tokenizer that starts texts with nothing, and a prompt without text."""
    base = build_base(tmp_path, BASE)
    tokenizer = json.loads((base / "tokenizer.json").read_text())
    tokenizer["post_processor"] = None
    (base / "tokenizer.json").write_text(json.dumps(tokenizer))
    text = ModelText(str(base))
    row = {"messages": [{"role": "user", "content": ""}, {"role": "assistant", "content": "yes"}]}
    (tmp_path / "t.jsonl").write_bytes(jsonl([row]))
    assert text.encode("", start=True) == []
    (encoded,) = encode_examples(text, read_examples(tmp_path / "t.jsonl"), Recipe())
    assert (encoded.ids[0], encoded.learned_from) == (text.eos, 1)
    made = make_rows([encoded], [(0,)], packed=False)
    assert made.keep[made.column].tolist() == [0, 1, 2, 3]
    assert made.targets.tolist() == [*text.encode("yes", start=False), text.eos]


def test_every_bad_line_is_named_before_training(bench: Workbench) -> None:
    content = b'{"messages": 3}\nno json\n\n{"messages": [%b, %b]}\n' % ((b'{"role": "user", "content": "a"}',) * 2)
    half = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b\ud800"}]}
    content += json.dumps(half).encode()
    job = bench.create(content).json()["id"]
    bench.services.supervisor._validate(bench.services.jobs.get(job))
    failed = bench.job(job)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "invalid_training_file")
    for part in ("line 1: messages", "line 2: not JSON", "line 4: the last message must be the assistant's"):
        assert part in failed["error"]["message"]
    assert "line 5: messages.1.content: half of a surrogate pair" in failed["error"]["message"]


def test_a_file_without_examples_is_no_training_file(tmp_path: Path) -> None:
    (tmp_path / "empty").write_bytes(b"\n\n")
    with pytest.raises(InvalidTrainingFile, match="no example"):
        read_examples(tmp_path / "empty")


def test_a_rate_too_large_ends_the_job_with_advice(bench: Workbench) -> None:
    job = bench.create(hyperparameters={"learning_rate_multiplier": 1e30, "max_gradient_norm": 1e30}).json()["id"]
    failed = bench.train(job)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "training_diverged")


def test_no_room_for_checkpoints_is_told_once_and_training_goes_on(bench: Workbench) -> None:
    object.__setattr__(bench.settings, "checkpoint_budget", 1000)
    job = bench.create().json()["id"]
    assert bench.train(job, checkpoint_seconds=0)["status"] == "succeeded"
    told = [event["message"] for event in bench.events(job) if event["level"] == "warn"]
    assert len(told) == 1
    assert "disk budget" in told[0]


def test_a_checkpoint_takes_the_place_of_the_one_before_it_in_the_budget(bench: Workbench) -> None:
    # One of this model is reckoned as 1.6 MB, and takes 0.5.
    object.__setattr__(bench.settings, "checkpoint_budget", 1_800_000)
    job = bench.create().json()["id"]
    bench.train(job, stop_after=5, checkpoint_seconds=0)
    assert [event["message"] for event in bench.events(job) if event["level"] == "warn"] == []
    assert [path.name for path in (bench.home.job(job) / "checkpoints").iterdir()] == ["step-00000005"]


def test_no_room_for_the_best_epoch_is_told_once_and_the_last_weights_are_the_model(bench: Workbench) -> None:
    object.__setattr__(bench.settings, "checkpoint_budget", 1000)
    job = stopping_early(bench)
    assert bench.train(job)["status"] == "succeeded"
    told, model = valid_losses(bench, job)
    assert (model, model > min(told)) == (told[-1], True)
    warned = [event["message"] for event in bench.events(job) if event["level"] == "warn"]
    assert len(warned) == 2
    assert "best epoch are not kept" in warned[0]
    assert f"could not be kept: the model has the last ones ({model:.4f})" in warned[1]


def test_the_best_epoch_stays_until_a_better_one_is_whole(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 2)
    checkpoints = Checkpoints(tmp_path / "jobs" / "one" / "checkpoints", 1 << 30)
    assert checkpoints.best_valid_loss() is None
    assert checkpoints.save_best(model, 0.5) is None
    kept = model.weight.detach().clone()
    torch.nn.init.zeros_(model.weight)

    def full_disk(tensors: Any, path: Path, metadata: Any = None) -> None:
        path.write_bytes(b"half of")
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr("student_server.training.checkpoint.save_file", full_disk)
    with pytest.raises(OSError, match="No space"):
        checkpoints.save_best(model, 0.4)
    assert checkpoints.best_valid_loss() == 0.5
    checkpoints.load_best(model)
    assert torch.equal(model.weight, kept)


def test_random_states_go_back_to_their_gpus_and_those_of_gpus_that_are_gone_to_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Eleven GPUs when it was saved, three when it is restored; there is none where this runs."""
    model = torch.nn.Linear(2, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    checkpoints = Checkpoints(tmp_path / "jobs" / "one" / "checkpoints", 1 << 30)
    states = [torch.tensor([number], dtype=torch.uint8) for number in range(11)]
    restored: dict[int, int] = {}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_rng_state_all", lambda: states)
    monkeypatch.setattr(torch.cuda, "set_rng_state", lambda state, gpu: restored.update({gpu: int(state)}))
    assert checkpoints.save(model, optimizer, Progress(step=1)) is None
    assert checkpoints.restore(model, optimizer) == Progress(step=1)
    assert restored == {0: 0, 1: 1, 2: 2}


def test_a_long_prompt_loses_its_middle_and_the_answer_stays(tmp_path: Path) -> None:
    text = ModelText(str(build_base(tmp_path, BASE)))
    row = {"messages": [{"role": "user", "content": "A" + "x" * 500 + "Z"}, {"role": "assistant", "content": "yes"}]}
    (tmp_path / "t.jsonl").write_bytes(jsonl([row]))
    (encoded,) = encode_examples(text, read_examples(tmp_path / "t.jsonl"), Recipe(max_tokens=64))
    written = "".join(text.pieces(encoded.ids))
    assert (len(encoded.ids), encoded.cut) == (64, True)
    assert written.startswith("Ax")
    assert written.endswith("xZyes")
    (full,) = encode_examples(text, read_examples(tmp_path / "t.jsonl"), Recipe(max_tokens=64, loss="full"))
    assert (full.learned_from, encoded.learned_from) == (1, 60)


def test_an_adapter_loads_in_plain_peft(bench: Workbench) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM, AutoTokenizer

    job = bench.trained(model=f"{BASE}@lora", hyperparameters=LEARNED)
    folder = bench.home.model(job["id"])
    manifest = json.loads((folder / "student.json").read_text())
    assert json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"] == BASE
    plain = PeftModel.from_pretrained(
        AutoModelForCausalLM.from_pretrained(bench.home.bases / manifest["base_folder"]), folder
    ).eval()
    ids = AutoTokenizer.from_pretrained(folder)("Say red", return_tensors="pt")["input_ids"]
    expected = torch.log_softmax(plain(input_ids=ids).logits[0, :-1], -1).gather(1, ids[0, 1:, None])[:, 0].tolist()
    (choice,) = bench.complete(job["fine_tuned_model"], ids[0].tolist(), max_tokens=0, echo=True, logprobs=0)
    assert choice["logprobs"]["token_logprobs"][1:] == pytest.approx(expected, abs=1e-4)


def test_a_base_is_the_same_whoever_builds_it(tmp_path: Path) -> None:
    texts = [target_of(row) for row in rows()]
    one, two = build_base(tmp_path / "one", BASE, texts), build_base(tmp_path / "two", BASE, texts)
    assert one.name == two.name
    for name in ("model.safetensors", "tokenizer.json"):
        assert (one / name).read_bytes() == (two / name).read_bytes()
    assert ModelText(str(one)).vocabulary <= BLUEPRINTS[BASE].vocabulary


def test_rates_rise_then_fall() -> None:
    assert [rate_factor(step, 10, "linear", 0.2) for step in (0, 1, 2, 6, 9)] == [0.5, 1.0, 1.0, 0.5, 0.125]
    assert [rate_factor(step, 10, "constant", 0) for step in (0, 9)] == [1.0, 1.0]
    assert rate_factor(5, 10, "cosine", 0) == pytest.approx(0.5)


def test_checkpoints_of_other_weights_are_not_taken(tmp_path: Path) -> None:
    one, two = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2, bias=False)
    from student_server.training.checkpoint import Progress

    checkpoints = Checkpoints(tmp_path / "job" / "checkpoints", 1 << 30)
    assert checkpoints.save(one, torch.optim.AdamW(one.parameters(), fused=True), Progress(step=1)) is None
    assert checkpoints.restore(two, torch.optim.AdamW(two.parameters(), fused=True)) is None
