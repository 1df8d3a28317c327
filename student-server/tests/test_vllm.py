"""A vLLM beside the server: it is given adapters, and leaves while a job trains. Against a double of its API."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from server import until
from vllm_double import VllmDouble
from workbench import BASE, Workbench, prompt_of, rows, target_of

from student_server.errors import ApiError
from student_server.inference.engine import ScoreRow
from student_server.inference.vllm_api import VllmApi
from student_server.models.build_base import build_base


class Beside:
    def __init__(self, folder: Path) -> None:
        self.base = str(build_base(folder / "bases", BASE, [target_of(row) for row in rows()]))
        self.double = VllmDouble(self.base)
        words = ("--base", f"mine={self.base}", "--vllm", self.double.url, "--vllm-sleeps")
        self.bench = Workbench(folder / "home", words, bases=())

    def paths(self) -> list[str]:
        return [path for path, _ in self.double.asked]


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Beside]:
    beside = Beside(tmp_path)
    with beside.bench:
        yield beside
    beside.double.close()


def train(bench: Workbench, recipe: str = "lora") -> dict[str, Any]:
    more = {"n_epochs": 20, "learning_rate_multiplier": 20}
    return bench.trained(model=f"mine@{recipe}", hyperparameters=more)


def test_answers_and_scores_are_those_of_pytorch(beside: Beside, tmp_path: Path) -> None:
    job = train(beside.bench)
    prompts = [prompt_of(row) for row in rows(3)]
    with Workbench(tmp_path / "other", ("--base", f"mine={beside.base}"), bases=()) as other:
        same = train(other)
        for mine, theirs in ((job["fine_tuned_model"], same["fine_tuned_model"]), ("mine", "mine")):
            for more in ({"max_tokens": 12, "logprobs": 2}, {"max_tokens": 0, "echo": True, "logprobs": 1}):
                reported = beside.bench.complete(mine, prompts, return_token_ids=True, **more)
                expected = other.complete(theirs, prompts, return_token_ids=True, **more)
                for one, two in zip(reported, expected, strict=True):
                    assert (one["text"], one["token_ids"]) == (two["text"], two["token_ids"])
                    assert one["logprobs"]["token_logprobs"] == pytest.approx(
                        two["logprobs"]["token_logprobs"], abs=1e-4
                    )
                    assert one["logprobs"]["tokens"] == two["logprobs"]["tokens"]
    assert beside.double.adapters == {job["fine_tuned_model"]: str(beside.bench.home.model(job["id"]))}
    assert beside.paths().count("/v1/load_lora_adapter") == 1


def test_a_vllm_that_was_restarted_is_given_its_adapters_again(beside: Beside) -> None:
    student = train(beside.bench)["fine_tuned_model"]
    beside.bench.complete(student, "Say", max_tokens=2)
    beside.double.adapters.clear()
    beside.bench.complete(student, "Say", max_tokens=2)
    assert beside.paths().count("/v1/load_lora_adapter") == 2


def test_an_adapter_that_is_there_already_is_no_failure(beside: Beside) -> None:
    job = train(beside.bench)
    beside.double.adapters[job["fine_tuned_model"]] = str(beside.bench.home.model(job["id"]))
    assert beside.bench.complete(job["fine_tuned_model"], "Say", max_tokens=2)


def test_it_sleeps_while_a_job_trains_and_who_asks_meanwhile_waits(beside: Beside) -> None:
    engine = beside.bench.services.engine.get()
    served = beside.bench.services.catalog.find("mine")
    engine.training_begins()
    # Restarted while the job trained, and another job follows without a pause.
    beside.double.asleep = False
    engine.training_begins()
    assert beside.double.asleep
    waiting = engine.score(served, [ScoreRow([0, 5, 6], 0)])
    assert not waiting.done()
    engine.training_ended()
    assert len(waiting.result(30)[0].logprobs) == 3
    assert beside.paths()[:3] == ["/sleep?level=1", "/sleep?level=1", "/wake_up"]


@pytest.fixture
def supervised(beside: Beside) -> Iterator[Beside]:
    """A job waits already when the supervisor starts, as after a restart; stories start it."""
    assert beside.bench.create(model="mine@lora", hyperparameters={"n_epochs": 2}).status_code == 200
    yield beside
    beside.bench.services.supervisor.close()


def test_a_server_that_starts_with_a_job_puts_it_to_sleep_before_it_trains(supervised: Beside) -> None:
    jobs = supervised.bench.services.jobs
    supervised.bench.services.supervisor.start()
    until(lambda: jobs.counts().get("running"))
    assert supervised.double.asleep
    until(lambda: jobs.counts().get("succeeded"))
    until(lambda: not supervised.double.asleep)
    assert supervised.paths() == ["/sleep?level=1", "/wake_up"]


def test_a_vllm_that_does_not_sleep_answers_on_and_the_job_waits_for_it(supervised: Beside) -> None:
    supervised.double.refuses = ("/sleep", 404)
    supervised.bench.services.supervisor.start()
    until(lambda: supervised.paths().count("/sleep?level=1") > 1)
    served = supervised.bench.services.catalog.find("mine")
    scores = supervised.bench.services.engine.get().score(served, [ScoreRow([0, 5, 6], 0)])
    assert len(scores.result(30)[0].logprobs) == 3
    assert supervised.bench.services.jobs.counts() == {"queued": 1}
    supervised.double.refuses = None
    until(lambda: supervised.bench.services.jobs.counts().get("running"))
    assert supervised.double.asleep


def test_who_waits_for_a_vllm_that_is_gone_after_training_is_told(supervised: Beside) -> None:
    supervised.bench.services.supervisor.start()
    until(lambda: supervised.bench.services.jobs.counts().get("running"))
    served = supervised.bench.services.catalog.find("mine")
    waiting = supervised.bench.services.engine.get().score(served, [ScoreRow([0, 5, 6], 0)])
    supervised.double.close()
    assert not waiting.done()
    for job in supervised.bench.services.jobs.with_status("running"):
        supervised.bench.services.jobs.cancel(job.id)
    with pytest.raises(ApiError, match="does not answer"):
        waiting.result(30)


def test_a_student_is_removed_as_a_whole_or_not_at_all(beside: Beside) -> None:
    job = train(beside.bench)
    path = f"/v1/models/{job['fine_tuned_model']}"
    beside.bench.complete(job["fine_tuned_model"], "Say", max_tokens=2)
    beside.double.refuses = ("/v1/unload_lora_adapter", 500)
    refused = beside.bench.client.delete(path)
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "engine_unavailable")
    assert beside.bench.complete(job["fine_tuned_model"], "Say", max_tokens=2)
    # Restarted meanwhile: it does not know the adapter any more.
    beside.double.refuses = None
    beside.double.adapters.clear()
    assert beside.bench.client.delete(path).json()["deleted"] is True
    assert not beside.bench.home.model(job["id"]).exists()
    assert beside.bench.client.get(path).status_code == 404


def test_a_proxy_of_the_environment_does_not_stand_before_a_vllm_on_this_machine(
    beside: Beside, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        # No listener there.
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    api = VllmApi(beside.double.url)
    assert api.base() == ("the-base", 512)
    api.close()


def test_a_student_that_could_not_be_asked_is_not_trained(beside: Beside) -> None:
    for more in ({"model": "mine@full"}, {"model": "mine", "hyperparameters": {"adapter": "none"}}):
        refused = beside.bench.create(**more)
        error = refused.json()["error"]
        assert (refused.status_code, error["code"], error["param"]) == (400, "unsupported", "model")
        assert "@lora" in error["message"]
    assert beside.bench.create(model="mine").status_code == 200


def test_a_student_without_an_adapter_is_refused_and_a_vllm_that_is_gone_is_told(beside: Beside) -> None:
    # It was trained before there was a vLLM.
    url = beside.bench.settings.vllm
    object.__setattr__(beside.bench.settings, "vllm", None)
    whole = train(beside.bench, "full")["fine_tuned_model"]
    object.__setattr__(beside.bench.settings, "vllm", url)
    body = {"model": whole, "prompt": "Say"}
    assert beside.bench.client.post("/v1/completions", json=body).status_code == 400
    beside.double.close()
    gone = beside.bench.client.post("/v1/completions", json={"model": "mine", "prompt": "Say"})
    assert (gone.status_code, gone.json()["error"]["code"]) == (503, "engine_unavailable")
