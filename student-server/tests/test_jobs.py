"""Jobs: created once, found again, refused with a reason."""

from functools import partial
from importlib.metadata import PackageNotFoundError
from typing import Any

import pytest
from workbench import BASE, Workbench, jsonl, rows

from student_server.state.database import Database
from student_server.state.jobs import STATUSES
from student_server.state.reports import Reports


def error_of(answer: Any) -> tuple[int, str | None, str | None]:
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return answer.status_code, error["code"], error["param"]


def test_a_repeated_idempotency_key_gives_the_same_job(bench: Workbench) -> None:
    headers = {"Idempotency-Key": "run-1"}
    first, second = bench.create(headers=headers), bench.create(headers=headers)
    assert first.json() == second.json()
    assert error_of(bench.create(headers=headers, seed=5)) == (409, "idempotency_conflict", None)
    assert len(bench.client.get("/v1/fine_tuning/jobs").json()["data"]) == 1


def test_a_repeated_metadata_key_gives_the_same_job_until_it_has_ended_badly(bench: Workbench) -> None:
    metadata = {"baldistill_key": "stage-0", "note": "x"}
    first = bench.create(metadata=metadata).json()
    assert bench.create(metadata=metadata, headers={"Idempotency-Key": "other"}).json()["id"] == first["id"]
    assert error_of(bench.create(metadata=metadata, suffix="s")) == (409, "idempotency_conflict", None)
    bench.client.post(f"/v1/fine_tuning/jobs/{first['id']}/cancel")
    assert bench.create(metadata=metadata).json()["id"] != first["id"]


def test_a_job_whose_model_was_removed_is_made_anew(bench: Workbench) -> None:
    metadata = {"baldistill_key": "stage-0"}
    first = bench.trained(metadata=metadata)
    assert bench.create(metadata=metadata).json()["id"] == first["id"]
    bench.client.delete(f"/v1/models/{first['fine_tuned_model']}")
    second = bench.create(metadata=metadata).json()
    assert (second["status"], second["id"] == first["id"]) == ("validating_files", False)
    assert bench.create(metadata=metadata).json()["id"] == second["id"]


def test_a_job_is_found_again_although_its_file_is_gone(bench: Workbench) -> None:
    for more in ({"headers": {"Idempotency-Key": "run-1"}}, {"metadata": {"baldistill_key": "stage-0"}}):
        file = bench.upload(jsonl(rows(3)))
        body = {"model": BASE, "training_file": file, "metadata": more.get("metadata")}
        ask = partial(bench.client.post, "/v1/fine_tuning/jobs", json=body, headers=more.get("headers"))
        first = ask().json()
        bench.train(first["id"])
        assert bench.client.delete(f"/v1/files/{file}").status_code == 200
        assert ask().json()["id"] == first["id"]


def test_jobs_are_found_by_every_metadata_pair(bench: Workbench) -> None:
    one = bench.create(metadata={"a": "1", "b": "1"}).json()["id"]
    two = bench.create(metadata={"a": "1", "b": "2"}).json()["id"]

    def found(**wanted: str) -> list[str]:
        params = {f"metadata[{name}]": value for name, value in wanted.items()}
        return [job["id"] for job in bench.client.get("/v1/fine_tuning/jobs", params=params).json()["data"]]

    assert found(a="1") == [two, one]
    assert found(a="1", b="1") == [one]
    assert found(a="1", c="1") == []


def test_lists_go_on_after_an_entry(bench: Workbench) -> None:
    ids = [bench.create(metadata={"n": str(n)}).json()["id"] for n in range(3)]
    first = bench.client.get("/v1/fine_tuning/jobs", params={"limit": 2}).json()
    assert ([job["id"] for job in first["data"]], first["has_more"]) == ([ids[2], ids[1]], True)
    second = bench.client.get("/v1/fine_tuning/jobs", params={"after": first["last_id"]}).json()
    assert ([job["id"] for job in second["data"]], second["has_more"]) == ([ids[0]], False)


def test_a_cursor_that_names_nothing_is_refused_and_not_the_first_page(bench: Workbench) -> None:
    job = bench.trained(hyperparameters={"n_epochs": 1})
    path = f"/v1/fine_tuning/jobs/{job['id']}"
    for listed in ("/v1/fine_tuning/jobs", "/v1/files", f"{path}/events", f"{path}/checkpoints"):
        unknown = bench.client.get(listed, params={"after": "unknown"})
        assert error_of(unknown) == (400, "invalid_value", "after")
        last = bench.client.get(listed).json()["last_id"]
        assert bench.client.get(listed, params={"after": last}).json()["data"] == []


def test_a_cursor_of_an_event_that_was_taken_back_keeps_its_place(bench: Workbench) -> None:
    job = bench.create().json()["id"]
    bench.services.jobs.validated(job)
    attempt = bench.services.jobs.take(job)
    assert attempt is not None
    reports = Reports(Database(bench.home.database), job, attempt)
    reports.begin_at(0, "Training")
    reports.say("Step 10", data={"step": 10})
    taken_back = bench.events(job)[-1]["id"]
    reports.begin_at(0, "Training again")
    page = bench.client.get(f"/v1/fine_tuning/jobs/{job}/events", params={"after": taken_back, "limit": 1}).json()
    assert ([event["message"] for event in page["data"]], page["has_more"]) == (["Training"], True)


def test_a_cancelled_job_says_so_at_once_and_stays_cancelled(bench: Workbench) -> None:
    job = bench.create().json()["id"]
    assert bench.client.post(f"/v1/fine_tuning/jobs/{job}/cancel").json()["status"] == "cancelled"
    assert bench.client.post(f"/v1/fine_tuning/jobs/{job}/cancel").json()["status"] == "cancelled"
    assert [event["message"] for event in bench.events(job)].count("The job was cancelled") == 1
    assert bench.services.jobs.take(job) is None


def test_a_status_that_no_job_has_any_more_is_zero_in_the_metrics(bench: Workbench) -> None:
    def reported() -> dict[str, float]:
        lines = bench.client.get("/metrics").text.splitlines()
        counts = [line.removeprefix('student_jobs{status="') for line in lines if line.startswith("student_jobs{")]
        return {name: float(count) for name, count in (line.split('"} ') for line in counts)}

    job = bench.create().json()["id"]
    assert (reported()["validating_files"], reported()["cancelled"]) == (1, 0)
    bench.client.post(f"/v1/fine_tuning/jobs/{job}/cancel")
    assert reported() == {name: float(name == "cancelled") for name in STATUSES}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"model": "unknown"}, (404, "model_not_found", "model")),
        ({"model": ".."}, (404, "model_not_found", "model")),
        ({"model": "../" + BASE}, (404, "model_not_found", "model")),
        ({"model": f"{BASE}@magic"}, (404, "model_not_found", "model")),
        ({"training_file": "file-none"}, (400, "file_not_found", "training_file")),
        ({"training_file": "../student.sqlite"}, (400, "file_not_found", "training_file")),
        ({"validation_file": "file-none"}, (400, "file_not_found", "validation_file")),
        ({"method": {"type": "dpo"}}, (400, "invalid_value", "method")),
        ({"suffix": "a@b"}, (400, "invalid_value", "suffix")),
        ({"suffix": "x" * 65}, (400, "invalid_value", "suffix")),
        ({"metadata": {"k": "v" * 513}}, (400, "invalid_value", "metadata")),
        ({"hyperparameters": {"n_epochs": 0}}, (400, "invalid_value", "n_epochs")),
        ({"hyperparameters": {"n_epochs": "many"}}, (400, "invalid_value", "n_epochs")),
        ({"hyperparameters": {"rank": 0}}, (400, "invalid_value", "rank")),
        ({"hyperparameters": {"lenght": 4}}, (400, "invalid_value", "lenght")),
        ({"hyperparameters": {"early_stop": 2}}, (400, "invalid_value", "validation_file")),
    ],
)
def test_what_is_wrong_is_refused_by_name(bench: Workbench, changes: Any, expected: Any) -> None:
    if "training_file" in changes:
        answer = bench.client.post("/v1/fine_tuning/jobs", json={"model": BASE, **changes})
    else:
        answer = bench.create(**changes)
    assert error_of(answer) == expected


def test_what_is_not_installed_is_refused_before_anything_waits_for_it(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(package: str) -> str:
        raise PackageNotFoundError(package)

    monkeypatch.setattr("student_server.quantization.version", missing)
    assert error_of(bench.create(model=f"{BASE}@qlora")) == (400, "unsupported", "model")
    monkeypatch.undo()
    assert bench.create(model=f"{BASE}@qlora").status_code == 200


def test_settings_are_read_from_the_older_place_too_and_told_back(bench: Workbench) -> None:
    body = {
        "model": BASE,
        "training_file": bench.upload(jsonl(rows())),
        "hyperparameters": {"n_epochs": 3, "batch_size": "auto", "learning_rate_multiplier": 0.5},
    }
    job = bench.client.post("/v1/fine_tuning/jobs", json=body).json()
    reported = {"n_epochs": 3, "batch_size": 16, "learning_rate_multiplier": 0.5}
    assert job["hyperparameters"] == reported
    assert job["method"] == {"type": "supervised", "supervised": {"hyperparameters": reported}}
    assert job["recipe"]["adapter"] == "none"


def test_a_recipe_belongs_to_the_models_name(bench: Workbench) -> None:
    assert bench.create(model=f"{BASE}@lora").json()["recipe"]["adapter"] == "lora"
    changed = bench.create(model=f"{BASE}@lora", hyperparameters={"rank": 2, "loss": "full"}).json()["recipe"]
    assert (changed["rank"], changed["loss"]) == (2, "full")


def test_a_model_says_what_a_job_may_change(bench: Workbench) -> None:
    for name in (BASE, f"{BASE}@lora"):
        model = bench.client.get(f"/v1/models/{name}").json()
        assert model["id"] == name
        assert {"loss", "template", "quantization"} < set(model["tunable"])
    changes = {"loss": "full", "template": "chat"}
    job = bench.create(method={"type": "supervised", "supervised": {"hyperparameters": changes}}).json()
    assert {name: job["recipe"][name] for name in changes} == changes
