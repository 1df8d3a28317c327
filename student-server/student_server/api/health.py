"""`/health` and `/metrics`."""

from fastapi import APIRouter, Response

from .dependencies import ServicesDep
from .reply import reply

router = APIRouter()


@router.get("/health")
def health(services: ServicesDep) -> Response:
    engine = "open" if services.engine.opened() is not None else "opens with the first prompt"
    return reply({"status": "ok", "engine": engine, "devices": services.settings.devices})


@router.get("/metrics")
def metrics(services: ServicesDep) -> Response:
    return Response(services.metrics.text(services.jobs.counts), media_type="text/plain; version=0.0.4")
