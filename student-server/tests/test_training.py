"""What training does with a recipe, on a model of 59,000 parameters."""

import json
from pathlib import Path

import pytest
import torch
from workbench import BASE, Workbench, jsonl, prompt_of, rows, target_of

from student_server.models.blueprints import BLUEPRINTS
from student_server.models.build_base import build_base
from student_server.models.text import ModelText
from student_server.state.database import Database
from student_server.training.batches import plan_batches
from student_server.training.encode import encode_examples
from student_server.training.examples import read_examples
from student_server.training.loop import Loop
from student_server.training.plan import TrainingPlan
from student_server.training.recipe import Recipe
from student_server.training.rows import make_rows
from student_server.training.schedule import rate_factor
from student_server.training.student import load_student

LEARNED = {"n_epochs": 80, "batch_size": 8, "learning_rate_multiplier": 2}


@pytest.mark.parametrize("recipe", ["full", "lora"])
def test_a_student_learns_what_its_file_says(bench: Workbench, recipe: str) -> None:
    job = bench.trained(model=f"{BASE}@{recipe}", hyperparameters=LEARNED, suffix="stage-0", seed=1)
    assert job["fine_tuned_model"] == f"ft:{BASE}:local:stage-0:{job['id'][-8:]}"
    reported = bench.losses(job["id"])
    # Random matrices beside random weights learn little; it has to be something.
    assert reported[-1] < reported[0] * (0.3 if recipe == "full" else 0.97)
    if recipe == "full":
        answers = bench.complete(job["fine_tuned_model"], [prompt_of(row) for row in rows(6)], max_tokens=30)
        assert [answer["text"] for answer in answers] == [target_of(row) for row in rows(6)]
    checkpoint = bench.client.get(f"/v1/fine_tuning/jobs/{job['id']}/checkpoints").json()["data"][0]
    assert checkpoint["fine_tuned_model_checkpoint"] == job["fine_tuned_model"]
    assert job["trained_tokens"] > 0


def test_the_same_job_gives_the_same_bytes_and_another_seed_other_ones(bench: Workbench) -> None:
    one, two, other = (bench.trained(seed=seed, metadata={"n": n}) for seed, n in ((1, "1"), (1, "2"), (2, "3")))
    assert bench.weights(one["id"]) == bench.weights(two["id"]) != bench.weights(other["id"])


def test_micro_batches_change_memory_and_not_the_result(bench: Workbench) -> None:
    one = bench.trained(hyperparameters={"n_epochs": 4})
    two = bench.trained(hyperparameters={"n_epochs": 4, "micro_batch": 3})
    assert bench.losses(two["id"]) == pytest.approx(bench.losses(one["id"]), abs=2e-4)


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


def test_a_student_goes_on_from_a_student(bench: Workbench) -> None:
    for recipe in ("full", "lora"):
        first = bench.trained(model=f"{BASE}@{recipe}", seed=7)
        second = bench.trained(model=first["fine_tuned_model"], seed=7)
        assert second["recipe"] == first["recipe"]
        assert bench.losses(second["id"])[0] < bench.losses(first["id"])[0]


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


def test_a_rate_too_large_ends_the_job_with_advice(bench: Workbench) -> None:
    job = bench.create(hyperparameters={"learning_rate_multiplier": 1e30, "max_gradient_norm": 1e30}).json()["id"]
    failed = bench.train(job)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "training_diverged")


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
