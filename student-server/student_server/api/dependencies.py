"""What the routes depend on (https://fastapi.tiangolo.com/tutorial/dependencies)."""

from typing import Annotated

from fastapi import Depends, Request

from ..services import Services
from .admission import AdmissionQueue


# Coroutines: FastAPI would run a plain function in a thread, for every request.
async def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _queue(request: Request) -> AdmissionQueue:
    queue: AdmissionQueue = request.app.state.queue
    return queue


ServicesDep = Annotated[Services, Depends(_services)]
QueueDep = Annotated[AdmissionQueue, Depends(_queue)]
