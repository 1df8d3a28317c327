"""The web application over its services."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from .api.chat import chat_routes
from .api.completions import completion_routes
from .api.failures import add_failures
from .api.files import file_routes
from .api.guards import Guards
from .api.health import health_routes
from .api.jobs import job_routes
from .api.line import Line
from .api.models import model_routes
from .api.tokenize import tokenize_routes
from .services import Services


def build_app(services: Services) -> FastAPI:
    @asynccontextmanager
    async def life(_: FastAPI) -> AsyncIterator[None]:
        services.supervisor.start()
        yield
        services.supervisor.close()
        if (engine := services.engine.opened()) is not None:
            engine.close()

    app = FastAPI(title="student-server", lifespan=life, openapi_url=None)
    settings = services.settings
    app.add_middleware(
        Guards,
        api_key=settings.api_key,
        max_body=settings.max_body,
        max_file=settings.max_file,
        metrics=services.metrics,
    )
    add_failures(app)
    for routes in (
        file_routes,
        job_routes,
        model_routes,
        tokenize_routes,
        health_routes,
    ):
        app.include_router(routes(services))
    line = Line(settings.max_waiting)
    app.include_router(completion_routes(services, line))
    app.include_router(chat_routes(services, line))
    return app
