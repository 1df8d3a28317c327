"""Composition root: which parts a server is made of."""

import gc

from .bases import Bases
from .home import Home
from .inference.engine import Engine
from .inference.served import Catalogue
from .metrics import Metrics
from .services import LateEngine, Services
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
    engine = LateEngine(lambda: _open_engine(settings, home, metrics))
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
        catalogue=Catalogue(home, bases, models),
        supervisor=_supervisor(settings, home, jobs, trainers, engine),
        engine=engine,
        metrics=metrics,
    )


def _supervisor(
    settings: Settings, home: Home, jobs: Jobs, trainers: TrainerSettings, engine: LateEngine
) -> Supervisor:
    if settings.vllm is None or not settings.vllm_sleeps:
        # Not even asked: opening an engine loads PyTorch.
        return Supervisor(home, jobs, trainers)
    return Supervisor(
        home, jobs, trainers, lambda: engine.get().training_begins(), lambda: engine.get().training_ended()
    )


def _open_engine(settings: Settings, home: Home, metrics: Metrics) -> Engine:
    # Both load PyTorch, which is why they stand here and not above.
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
