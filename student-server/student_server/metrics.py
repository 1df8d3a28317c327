"""Counters for Prometheus at `/metrics`."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from .state.jobs import STATUSES


class Metrics:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "student_requests", "Requests by route and status.", ["route", "status"], registry=self.registry
        )
        self.prompt_tokens = Counter("student_prompt_tokens", "Tokens of prompts.", registry=self.registry)
        self.completion_tokens = Counter("student_completion_tokens", "Tokens generated.", registry=self.registry)
        self.batch_rows = Histogram(
            "student_batch_rows", "Rows in one batch.", buckets=(1, 2, 4, 8, 16, 32, 64, 128), registry=self.registry
        )
        self._jobs = Gauge("student_jobs", "Fine-tuning jobs by status.", ["status"], registry=self.registry)

    def text(self, jobs: Callable[[], dict[str, int]]) -> bytes:
        counted = jobs()
        # Also those that no job has any more: a gauge keeps what it was set to.
        for status in STATUSES:
            self._jobs.labels(status).set(counted.get(status, 0))
        return generate_latest(self.registry)
