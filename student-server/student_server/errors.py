"""An error as OpenAI's API sends it: `{error: {message, type, param, code}}` with a status."""

from typing import Any


class ApiError(Exception):
    """Raised anywhere below a route; the application turns it into an answer."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        code: str | None = None,
        param: str | None = None,
        retry_after: int | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code
        self.param = param
        self.retry_after = retry_after
        """Seconds."""

    def body(self) -> dict[str, Any]:
        return error_body(self.status, self.message, self.code, self.param)


def error_body(status: int, message: str, code: str | None = None, param: str | None = None) -> dict[str, Any]:
    return {"error": {"message": message, "type": _type_of(status), "param": param, "code": code}}


def _type_of(status: int) -> str:
    if status == 401:
        return "authentication_error"
    if status == 429:
        return "rate_limit_error"
    return "server_error" if status >= 500 else "invalid_request_error"


def model_not_found(model: str) -> ApiError:
    message = f"The model '{model[:200]}' does not exist at this server."
    return ApiError(404, message, code="model_not_found", param="model")


def not_found(kind: str, name: str) -> ApiError:
    return ApiError(404, f"There is no {kind} '{name[:200]}'.", code="resource_not_found", param=kind)
