"""`/health` for whoever starts the server, `/metrics` for whoever watches it."""

from fastapi import APIRouter, Response

from ..services import Services
from .reply import reply


def health_routes(services: Services) -> APIRouter:
    router = APIRouter()

    @router.get("/health")
    def health() -> Response:
        engine = "open" if services.engine.opened() is not None else "opens with the first prompt"
        return reply({"status": "ok", "engine": engine, "devices": services.settings.devices})

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(services.metrics.text(services.jobs.counts), media_type="text/plain; version=0.0.4")

    return router
