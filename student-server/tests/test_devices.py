"""What a device computes: on the CPU, and the same stories on a GPU where there is one."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from server import PACKAGE, Server, until
from workbench import BASE, Workbench, prompt_of, rows

from student_server.training.plan import TrainingPlan
from student_server.training.student import load_student

GPUS = [f"cuda:{n}" for n in range(torch.cuda.device_count())]
# The first and the last: a mistake between them shows on machines with two.
DEVICES = list(dict.fromkeys(["cpu", *GPUS[:1], *GPUS[-1:]]))


@pytest.fixture(params=DEVICES)
def bench(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Workbench]:
    with Workbench(tmp_path / "home", device=request.param) as bench:
        yield bench


def digits(bench: Workbench) -> float:
    """How near two ways to one number come: 32 bits on a CPU, 16 on a GPU."""
    return 1e-3 if bench.settings.devices[0] == "cpu" else 0.1


@pytest.mark.parametrize("recipe", ["full", "lora", "qlora"])
def test_a_student_is_trained_and_served(bench: Workbench, recipe: str) -> None:
    job = bench.trained(model=f"{BASE}@{recipe}", hyperparameters={"n_epochs": 40})
    reported = bench.losses(job["id"])
    assert reported[-1] < reported[0] * 0.97
    more: dict[str, Any] = {"max_tokens": 12, "logprobs": 0, "return_token_ids": True}
    prompts = [prompt_of(row) for row in rows(6)]
    for choice in bench.complete(job["fine_tuned_model"], prompts, **more):
        both = choice["prompt_token_ids"] + choice["token_ids"]
        (scored,) = bench.complete(job["fine_tuned_model"], [both], max_tokens=0, echo=True, logprobs=0)
        written = choice["logprobs"]["token_logprobs"]
        assert scored["logprobs"]["token_logprobs"][-len(written) :] == pytest.approx(written, abs=digits(bench))


@pytest.mark.parametrize("recipe", ["full", "qlora"])
def test_a_training_goes_on_from_its_checkpoint(bench: Workbench, recipe: str) -> None:
    more: dict[str, Any] = {"model": f"{BASE}@{recipe}", "seed": 4, "hyperparameters": {"n_epochs": 30}}
    whole = bench.trained(**more)
    job = bench.create(metadata={"again": "1"}, **more).json()["id"]
    assert bench.train(job, stop_after=17)["status"] == "running"
    bench.services.jobs.requeue(job, "stopped")
    assert bench.train(job)["status"] == "succeeded"
    assert bench.losses(job) == pytest.approx(bench.losses(whole["id"]), rel=digits(bench))
    if bench.settings.devices[0] == "cpu":
        assert bench.weights(job) == bench.weights(whole["id"])


def test_four_bits_hold_the_base_and_the_adapter_beside_it_learns(bench: Workbench) -> None:
    more = {"n_epochs": 1, "dropout": 0}
    exact, coarse, packed = (
        bench.trained(model=f"{BASE}@{recipe}", hyperparameters={**more, **change}, seed=2)
        for recipe, change in (
            ("lora", {}),
            ("qlora", {"packing": False, "gradient_checkpointing": False}),
            ("qlora", {}),
        )
    )
    reported = [bench.losses(job["id"])[0] for job in (exact, coarse, packed)]
    # Random weights lose little to rounding; that something is lost says that they were rounded.
    assert reported[1:] == pytest.approx([reported[0]] * 2, rel=0.02)
    assert reported[1] != reported[0]
    again = bench.create(model=packed["fine_tuned_model"]).json()["id"]
    plan = TrainingPlan.model_validate(bench.services.jobs.get(again).plan)
    start = packed["id"]
    for folder in (None, start):
        model = load_student(bench.home, plan, folder, ["Say red"], bench.settings.devices[0]).model
        kinds = dict(model.named_parameters())
        base = [parameter for name, parameter in kinds.items() if name.endswith("proj.base_layer.weight")]
        assert {parameter.dtype for parameter in base} == {torch.uint8}
        others = [parameter for name, parameter in kinds.items() if "lora" in name or "norm" in name]
        assert {parameter.dtype for parameter in others} == {torch.float32}
        assert {str(parameter.device) for parameter in kinds.values()} == {bench.settings.devices[0]}
        assert all(parameter.requires_grad == ("lora" in name) for name, parameter in kinds.items())
    assert bench.train(again)["status"] == "succeeded"
    assert bench.losses(again)[-1] < reported[2]


def test_a_process_that_quantizes_nothing_does_without_the_package() -> None:
    code = "import sys; from student_server.quantization import *; leave_out(); import peft, transformers\n"
    code += "sys.exit(0 if sys.modules['bitsandbytes'] is None and can_quantize() else 1)"
    assert subprocess.run([sys.executable, "-c", code], cwd=PACKAGE, check=False).returncode == 0


def test_a_server_that_serves_without_it_trains_with_it(tmp_path: Path) -> None:
    with Server(tmp_path, "--device", DEVICES[-1]) as server:
        body: dict[str, Any] = {"model": f"{BASE}@qlora", "hyperparameters": {"n_epochs": 2}}
        job = server.create(rows(), **body)
        ended = until(lambda: server.job(job)["status"] in ("succeeded", "failed") and server.job(job))
        assert ended["status"] == "succeeded", ended
        asked = {"model": ended["fine_tuned_model"], "prompt": "Say", "max_tokens": 2}
        assert server.client.post("completions", json=asked).status_code == 200
