"""The web application over its services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from .api import chat, completions, files, health, jobs, models, tokenize
from .api.admission import AdmissionQueue
from .api.failures import add_failures
from .api.guards import Guards
from .services import Services


def build_app(services: Services) -> FastAPI:
    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.supervisor.start()
        yield
        services.supervisor.close()
        if (engine := services.engine.opened()) is not None:
            engine.close()

    app = FastAPI(title="student-server", lifespan=lifespan, openapi_url=None)
    settings = services.settings
    app.add_middleware(
        Guards,
        api_key=settings.api_key,
        max_body=settings.max_body,
        max_file=settings.max_file,
        metrics=services.metrics,
    )
    add_failures(app)
    app.state.services = services
    app.state.queue = AdmissionQueue(settings.max_waiting)
    for module in (files, jobs, models, tokenize, health, completions, chat):
        app.include_router(module.router)
    return app
