"""`/v1/models`: bases and what was trained from them."""

import shutil
from typing import Any

from fastapi import APIRouter, Response

from ..errors import ApiError, model_not_found
from ..services import Services
from ..state.database import now
from ..training.recipe import Recipe
from .dependencies import ServicesDep
from .reply import reply

router = APIRouter()
_started = now()


def _every_model(services: Services) -> list[dict[str, Any]]:
    bases = [_describe(base.name, _started, "base", None) for base in services.bases.all()]
    trained = [_describe(model.id, model.created, "student", model.base) for model in services.models.oldest_first()]
    return bases + trained


@router.get("/v1/models")
def listing(services: ServicesDep) -> Response:
    return reply({"object": "list", "data": _every_model(services)})


@router.get("/v1/models/{model:path}")
def retrieve(services: ServicesDep, model: str) -> Response:
    served = services.catalog.find(model).id
    found = next((entry for entry in _every_model(services) if entry["id"] == served), None)
    if found is None:
        raise model_not_found(model)
    # Of `BASE@RECIPE` as of the base.
    return reply({**found, "id": model})


@router.delete("/v1/models/{model:path}")
def remove(services: ServicesDep, model: str) -> Response:
    served = services.catalog.find(model)
    if served.folder is None or served.id != model:
        raise ApiError(403, "A base model is part of the server and stays.", code="model_not_deletable", param="model")
    # First, because it may fail: then nothing has happened, and the same request can be sent again.
    if (engine := services.engine.opened()) is not None:
        engine.forget(served)
    services.models.forget(model)
    shutil.rmtree(served.folder, ignore_errors=True)
    return reply({"id": model, "object": "model", "deleted": True})


def _describe(model: str, created: int, owner: str, parent: str | None) -> dict[str, Any]:
    return {
        "id": model,
        "object": "model",
        "created": created,
        "owned_by": owner,
        "parent": parent,
        # Not of the protocol: hyperparameters that a job from this model takes beside OpenAI's.
        "tunable": sorted(Recipe.model_fields),
    }
