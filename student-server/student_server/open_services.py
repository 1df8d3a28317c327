"""Composition root: which parts a server is made of."""

import gc
from collections.abc import Callable

from .bases import Bases
from .home import Home
from .inference.engine import Engine
from .inference.served import Catalog
from .metrics import Metrics
from .services import LazyEngine, Services
from .settings import Settings
from .state.database import Database
from .state.events import Events
from .state.files import Files
from .state.jobs import Jobs
from .state.models import Models
from .training.supervisor import Supervisor, TrainerSettings


def open_services(settings: Settings) -> Services:
    """The home must have been claimed."""
    home = Home(settings.home)
    database = Database(home.database)
    jobs, models = Jobs(database), Models(database)
    bases = Bases(settings.bases, settings.recipes)
    metrics = Metrics()
    engine = LazyEngine(lambda: _open_engine(settings, home, metrics))
    trainers = TrainerSettings(
        settings.devices, settings.trainer_threads, settings.checkpoint_seconds, settings.checkpoint_budget
    )
    return Services(
        settings=settings,
        bases=bases,
        files=Files(database, home.files, settings.max_file),
        jobs=jobs,
        events=Events(database),
        models=models,
        catalog=Catalog(home, bases, models),
        supervisor=Supervisor(home, jobs, models, trainers, *_room(settings, engine)),
        engine=engine,
        metrics=metrics,
    )


def _room(settings: Settings, engine: LazyEngine) -> tuple[Callable[[], None], Callable[[], None]]:
    """Callbacks that free a GPU for trainers and take it back."""
    if settings.vllm is not None and settings.vllm_sleeps:
        # Opened where it is not: the vLLM is running and must be notified.
        return lambda: engine.get().training_begins(), lambda: engine.get().training_ended()

    def begins() -> None:
        if (opened := engine.opened()) is not None:
            opened.training_begins()

    def ended() -> None:
        if (opened := engine.opened()) is not None:
            opened.training_ended()

    shares_its_gpu = settings.vllm is None and len(settings.devices) == 1 and settings.devices[0].startswith("cuda")
    # An engine that is not open holds nothing, and opening it loads PyTorch. Elsewhere both find room.
    return (begins, ended) if shares_its_gpu else (lambda: None, lambda: None)


def _open_engine(settings: Settings, home: Home, metrics: Metrics) -> Engine:
    # Imported here because both load PyTorch.
    if settings.vllm is not None:
        from .inference.vllm_api import VllmApi
        from .inference.vllm_engine import VllmEngine

        return VllmEngine(VllmApi(settings.vllm), sleeps=settings.vllm_sleeps)
    from .inference.torch_engine import TorchEngine, TorchEngineSettings

    # Half a million objects of PyTorch and transformers stay to the end: the collector need not go through them while
    # prompts are answered.
    gc.collect()
    gc.freeze()
    return TorchEngine(
        TorchEngineSettings(
            bases=home.bases,
            device=settings.devices[0],
            threads=settings.serving_threads,
            max_batch=settings.max_batch,
            window=settings.batch_window,
            loaded_models=settings.loaded_models,
        ),
        on_batch=metrics.batch_rows.observe,
    )
