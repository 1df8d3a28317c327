"""What a training keeps on the way, and goes on from: checkpoints, the best epoch, their budget."""

import errno
from pathlib import Path
from typing import Any

import pytest
import torch
from workbench import BASE, Workbench, jsonl, rows

from student_server.training.checkpoint import Checkpoints, Progress


def stopping_early(bench: Workbench) -> str:
    """A job whose validation file asks for what its training file takes away."""
    wrong = [{"messages": [row["messages"][0], {"role": "assistant", "content": "zzz"}]} for row in rows(6)]
    changes = {"n_epochs": 40, "early_stop": 2}
    return str(bench.create(validation_file=bench.upload(jsonl(wrong)), hyperparameters=changes).json()["id"])


def valid_losses(bench: Workbench, job: str) -> tuple[list[float], float]:
    """Those that were reported, and the model's."""
    reported = [event["data"]["valid_loss"] for event in bench.events(job) if event["type"] == "metrics"]
    (model,) = bench.client.get(f"/v1/fine_tuning/jobs/{job}/checkpoints").json()["data"]
    return reported, model["metrics"]["full_valid_loss"]


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
    assert bench.losses(job) == bench.losses(whole["id"])


def test_early_stop_keeps_the_best_epoch(bench: Workbench) -> None:
    job = stopping_early(bench)
    assert bench.train(job)["status"] == "succeeded"
    messages = [event["message"] for event in bench.events(job)]
    assert any(message.startswith("Stopped early at step") for message in messages)
    reported, model = valid_losses(bench, job)
    assert model == min(reported) < reported[-1]


def test_losses_are_told_once_by_a_training_that_begins_again(bench: Workbench) -> None:
    whole = bench.trained(seed=4)
    object.__setattr__(bench.settings, "checkpoint_budget", 1000)
    job = bench.create(seed=4, metadata={"again": "1"}).json()["id"]
    assert bench.train(job, stop_after=27)["status"] == "running"
    assert len(bench.losses(job)) == 2
    bench.services.jobs.requeue(job, "killed before its first checkpoint")
    assert bench.train(job)["status"] == "succeeded"
    assert bench.losses(job) == bench.losses(whole["id"])


def test_no_room_for_checkpoints_is_told_once_and_training_goes_on(bench: Workbench) -> None:
    object.__setattr__(bench.settings, "checkpoint_budget", 1000)
    job = bench.create().json()["id"]
    assert bench.train(job, checkpoint_seconds=0)["status"] == "succeeded"
    reported = [event["message"] for event in bench.events(job) if event["level"] == "warn"]
    assert len(reported) == 1
    assert "disk budget" in reported[0]


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
    reported, model = valid_losses(bench, job)
    assert (model, model > min(reported)) == (reported[-1], True)
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


def test_checkpoints_of_other_weights_are_not_taken(tmp_path: Path) -> None:
    one, two = torch.nn.Linear(2, 2), torch.nn.Linear(2, 2, bias=False)
    from student_server.training.checkpoint import Progress

    checkpoints = Checkpoints(tmp_path / "job" / "checkpoints", 1 << 30)
    assert checkpoints.save(one, torch.optim.AdamW(one.parameters(), fused=True), Progress(step=1)) is None
    assert checkpoints.restore(two, torch.optim.AdamW(two.parameters(), fused=True)) is None
