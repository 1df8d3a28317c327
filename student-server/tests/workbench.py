"""A server in this process: real routes, real files, real training, but a job trains when the story says so."""

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from fastapi.testclient import TestClient

from student_server.app import build_app
from student_server.home import Home
from student_server.open_services import open_services
from student_server.settings import Settings, read_settings
from student_server.training.task import TrainerTask

BASE = "tiny-llama:micro"


def rows(count: int = 24) -> list[dict[str, Any]]:
    """Three kinds of sentences that a model of 59,000 parameters learns in a second."""
    colours = ("red", "green", "blue")
    return [
        {
            "messages": [
                {"role": "user", "content": f"Say {colours[n % 3]}, for the {n % 8}th time.\n"},
                {"role": "assistant", "content": f"It is written.\nThe answer is: {colours[n % 3]}"},
            ]
        }
        for n in range(count)
    ]


def prompt_of(row: dict[str, Any]) -> str:
    return str(row["messages"][0]["content"])


def target_of(row: dict[str, Any]) -> str:
    return str(row["messages"][1]["content"])


def jsonl(values: list[Any]) -> bytes:
    return "".join(json.dumps(value) + "\n" for value in values).encode()


class Workbench:
    def __init__(
        self, home: Path, words: tuple[str, ...] = (), bases: tuple[str, ...] = (BASE,), device: str = "cpu"
    ) -> None:
        self.settings: Settings = read_settings(
            [
                "--home",
                str(home),
                "--device",
                device,
                "--serving-threads",
                "1",
                *(f"--base={base}" for base in bases),
                *words,
            ]
        )
        self.home = Home(self.settings.home)
        self.home.claim()
        self.services = open_services(self.settings)
        # Not entered as a context: its life would start the supervisor, which trains by itself.
        # At its own address: without a key, no other name is answered.
        self.client = TestClient(build_app(self.services), "http://127.0.0.1", raise_server_exceptions=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if (engine := self.services.engine.opened()) is not None:
            engine.close()

    def upload(self, content: bytes) -> str:
        answer = self.client.post("/v1/files", files={"file": ("t.jsonl", content)}, data={"purpose": "fine-tune"})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["id"])

    def create(self, content: bytes | None = None, *, model: str = BASE, headers: Any = None, **more: Any) -> Any:
        """Creates a job and gives the answer."""
        hyperparameters = {"n_epochs": 12, "batch_size": 8, **more.pop("hyperparameters", {})}
        body = {
            "model": model,
            "training_file": self.upload(content or jsonl(rows())),
            "method": {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}},
            **more,
        }
        return self.client.post("/v1/fine_tuning/jobs", json=body, headers=headers)

    def train(self, job: str, stop_after: int | None = None, checkpoint_seconds: float = 1e9) -> dict[str, Any]:
        """Trains a job here and now; `stop_after` that many steps it is asked to stop."""
        from student_server.training.train_job import train_job

        self.services.jobs.validated(job)
        attempt = self.services.jobs.take(job)
        assert attempt is not None
        task = TrainerTask(
            home=self.home.root,
            job=job,
            attempt=attempt,
            parent=os.getpid(),
            device=self.settings.devices[0],
            threads=1,
            checkpoint_seconds=checkpoint_seconds,
            disk_budget=self.settings.checkpoint_budget,
        )
        asked = iter(range(1 << 30))
        train_job(task, lambda: stop_after is not None and next(asked) >= stop_after)
        return self.job(job)

    def trained(self, **more: Any) -> dict[str, Any]:
        """A job from its creation to its end."""
        created = self.create(**more)
        assert created.status_code == 200, created.text
        job = self.train(created.json()["id"])
        assert job["status"] == "succeeded", job
        return job

    def job(self, job: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/v1/fine_tuning/jobs/{job}").json()
        return found

    def events(self, job: str) -> list[dict[str, Any]]:
        """Oldest first."""
        listed = self.client.get(f"/v1/fine_tuning/jobs/{job}/events", params={"limit": 1000}).json()
        return list(reversed(listed["data"]))

    def losses(self, job: str) -> list[float]:
        """As reported in its events, oldest first."""
        return [event["data"]["train_loss"] for event in self.events(job) if event["type"] == "metrics"]

    def complete(self, model: str, prompt: Any, **more: Any) -> list[dict[str, Any]]:
        body = {"model": model, "prompt": prompt, "temperature": 0, **more}
        answer = self.client.post("/v1/completions", json=body)
        assert answer.status_code == 200, answer.text
        choices: list[dict[str, Any]] = answer.json()["choices"]
        return choices

    def weights(self, job: str) -> bytes:
        """The file of a job's trained weights."""
        folder = self.home.model(job)
        found = [path for path in (folder / "model.safetensors", folder / "adapter_model.safetensors") if path.exists()]
        return found[0].read_bytes()
