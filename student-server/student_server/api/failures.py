"""Error responses in OpenAI's format, including FastAPI's own errors."""

import logging

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from jinja2 import TemplateError
from starlette.exceptions import HTTPException

from ..errors import ApiError, error_body
from .guards import BodyTooLarge
from .reply import reply

log = logging.getLogger(__name__)


def add_failures(app: FastAPI) -> None:
    app.add_exception_handler(ApiError, _api_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(UnicodeEncodeError, _no_text)
    app.add_exception_handler(TemplateError, _no_conversation)
    app.add_exception_handler(Exception, _unexpected)


async def _api_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    answer = reply(error.body(), error.status)
    if error.retry_after is not None:
        answer.headers["Retry-After"] = str(error.retry_after)
    return answer


async def _invalid(_: Request, error: Exception) -> Response:
    """The first thing that is wrong, with its field; 400 as OpenAI answers, where FastAPI says 422."""
    assert isinstance(error, RequestValidationError)
    errors = error.errors()
    # Where each branch of a union has an error, a list that is too long says most.
    first = next((one for one in errors if one["type"] == "too_long"), errors[0])
    if first["type"] == "json_invalid":
        return reply(error_body(400, "The body is not valid JSON.", "invalid_json"), 400)
    # The names of a union's branches are of no use to a client.
    where = [str(part) for part in first["loc"] if part not in ("body", "query", "path")]
    param = where[0] if where else None
    if first["type"] == "missing" and param is not None:
        return reply(error_body(400, f"you must provide '{param}'", "missing_required_parameter", param), 400)
    message = first["msg"] if param is None else f"{param}: {first['msg']}"
    return reply(error_body(400, message, "invalid_value", param), 400)


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    # An unreadable form hides the cause.
    if isinstance(error.__cause__, BodyTooLarge) or isinstance(error.__context__, BodyTooLarge):
        raise BodyTooLarge
    code = "not_found" if error.status_code == 404 else None
    return reply(error_body(error.status_code, str(error.detail), code), error.status_code)


async def _no_text(_: Request, __: Exception) -> Response:
    """JSON can contain half of a surrogate pair, which no encoding can represent."""
    return reply(
        error_body(400, "The request contains half of a surrogate pair, which is not text.", "invalid_value"), 400
    )


async def _no_conversation(_: Request, error: Exception) -> Response:
    """Some chat templates accept no system message, or need alternating user and assistant messages."""
    return reply(
        error_body(400, f"The model's chat template rejects the messages: {error}", "invalid_value", "messages"), 400
    )


async def _unexpected(request: Request, error: Exception) -> Response:
    log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return reply(error_body(500, f"The server failed: {type(error).__name__}.", "internal_error"), 500)
