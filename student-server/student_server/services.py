"""The parts that the routes use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from .bases import Bases
from .inference.engine import Engine
from .inference.served import Catalog
from .metrics import Metrics
from .settings import Settings
from .state.events import Events
from .state.files import Files
from .state.jobs import Jobs
from .state.models import Models
from .training.supervisor import Supervisor


class LazyEngine:
    """Opens the engine with the first prompt: PyTorch takes seconds and a gigabyte, which training jobs do not need."""

    def __init__(self, opens: Callable[[], Engine]) -> None:
        self._opens = opens
        self._engine: Engine | None = None
        self._lock = threading.Lock()

    def get(self) -> Engine:
        with self._lock:
            if self._engine is None:
                self._engine = self._opens()
            return self._engine

    def opened(self) -> Engine | None:
        return self._engine


@dataclass(frozen=True)
class Services:
    settings: Settings
    bases: Bases
    files: Files
    jobs: Jobs
    events: Events
    models: Models
    catalog: Catalog
    supervisor: Supervisor
    engine: LazyEngine
    metrics: Metrics = field(default_factory=Metrics)
