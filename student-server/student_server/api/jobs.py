"""`/v1/fine_tuning/jobs`."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response

from ..errors import ApiError
from ..quantization import NOT_QUANTIZED, can_quantize
from ..services import Services
from ..state.events import EventRecord
from ..state.jobs import JobRecord
from ..state.models import ModelRecord
from ..training.plan import TrainingPlan, choose, plan_training
from .dependencies import ServicesDep
from .job_request import JobRequest
from .reply import page, reply, unknown_cursor

_EVENT = re.compile(r"ftevent-([0-9]{1,18})")
_METADATA = re.compile(r"metadata\[(.+)\]")
Limit = Annotated[int, Query(ge=1, le=1000)]


router = APIRouter(prefix="/v1/fine_tuning/jobs")


@router.post("")
def create(
    services: ServicesDep, request: JobRequest, idempotency_key: Annotated[str | None, Header()] = None
) -> Response:
    asked = request.model_dump(exclude_none=True)
    # Before anything is looked up: a job that exists is found, although its file may be gone by now.
    job = services.jobs.earlier(asked, idempotency_key)
    if job is None:
        job = services.jobs.create(asked, _plan(services, request).model_dump(), idempotency_key)
    services.supervisor.wake()
    return reply(_describe(job))


@router.get("")
def listing(services: ServicesDep, request: Request, after: str | None = None, limit: Limit = 20) -> Response:
    wanted = {found[1]: value for name, value in request.query_params.items() if (found := _METADATA.fullmatch(name))}
    return page(services.jobs.newest_first(wanted), _describe, after, limit)


@router.get("/{job}")
def retrieve(services: ServicesDep, job: str) -> Response:
    return reply(_describe(services.jobs.get(job)))


@router.post("/{job}/cancel")
def cancel(services: ServicesDep, job: str) -> Response:
    cancelled = services.jobs.cancel(job)
    services.supervisor.wake()
    return reply(_describe(cancelled))


@router.get("/{job}/events")
def events(services: ServicesDep, job: str, after: str | None = None, limit: Limit = 20) -> Response:
    found = services.events.newest_first(services.jobs.get(job).id)
    if after is not None:
        number = _number_of(after)
        found = [event for event in found if event.seq < number]
    return page(found, _describe_event, None, limit)


@router.get("/{job}/checkpoints")
def checkpoints(services: ServicesDep, job: str, after: str | None = None, limit: Limit = 10) -> Response:
    return page(services.models.of_job(services.jobs.get(job).id), _describe_checkpoint, after, limit)


def _number_of(event: str) -> int:
    """Events are numbered in order, so a cursor holds its place after a resumed training took its event back."""
    number = _EVENT.fullmatch(event)
    if number is None:
        raise unknown_cursor(event)
    return int(number[1])


def _plan(services: Services, request: JobRequest) -> TrainingPlan:
    """Reports every problem that can be found before the job runs."""
    chosen = choose(services.bases, services.catalog.manifest, request.model)
    plan = plan_training(chosen, request.hyperparameters_asked, request.seed or 0, request.suffix or "")
    if plan.recipe.quantization == "nf4" and not can_quantize():
        raise ApiError(400, NOT_QUANTIZED, code="unsupported", param="model")
    if services.settings.vllm is not None and plan.recipe.adapter == "none":
        # Hours later it could not be asked.
        message = "The vLLM beside this server serves adapters: train with @lora."
        raise ApiError(400, message, code="unsupported", param="model")
    if plan.recipe.early_stop > 0 and request.validation_file is None:
        raise ApiError(400, "early_stop needs a validation_file", code="invalid_value", param="validation_file")
    for param in ("training_file", "validation_file"):
        file = getattr(request, param)
        if file is not None and not services.files.exists(file):
            raise ApiError(400, f"invalid {param}: {file[:200]}", code="file_not_found", param=param)
    return plan


def _describe(job: JobRecord) -> dict[str, Any]:
    plan, request = job.plan, job.request
    hyperparameters = {
        "n_epochs": plan["epochs"],
        "batch_size": plan["batch_size"],
        "learning_rate_multiplier": plan["learning_rate"] / plan["recipe"]["learning_rate"],
    }
    return {
        "id": job.id,
        "object": "fine_tuning.job",
        "created_at": job.created,
        "finished_at": job.finished,
        "model": request["model"],
        "fine_tuned_model": job.model,
        "organization_id": "student-server",
        "status": job.status,
        "training_file": request["training_file"],
        "validation_file": request.get("validation_file"),
        "result_files": [],
        "seed": plan["seed"],
        "suffix": request.get("suffix"),
        "metadata": request.get("metadata"),
        "trained_tokens": job.trained_tokens,
        "estimated_finish": None,
        "error": job.error,
        "hyperparameters": hyperparameters,
        "method": {"type": "supervised", "supervised": {"hyperparameters": hyperparameters}},
        "integrations": [],
        # Not of the protocol: what the recipe came to.
        "recipe": plan["recipe"],
    }


def _describe_event(event: EventRecord) -> dict[str, Any]:
    return {
        "id": event.id,
        "object": "fine_tuning.job.event",
        "created_at": event.created,
        "level": event.level,
        "type": event.type,
        "message": event.message,
        "data": event.data,
    }


def _describe_checkpoint(model: ModelRecord) -> dict[str, Any]:
    metrics = {"step": model.step, "train_loss": model.train_loss, "full_valid_loss": model.valid_loss}
    return {
        "id": f"ftckpt-{model.job.removeprefix('ftjob-')}-{model.step}",
        "object": "fine_tuning.job.checkpoint",
        "created_at": model.created,
        "fine_tuned_model_checkpoint": model.id,
        "fine_tuning_job_id": model.job,
        "step_number": model.step,
        "metrics": {name: value for name, value in metrics.items() if value is not None},
    }
