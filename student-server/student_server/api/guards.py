"""Middleware of all routes: authentication, access without a key, body size, request counts."""

import hmac
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import orjson

from ..errors import error_body
from ..loopback import is_loopback
from ..metrics import Metrics

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Boundaries and field names of an upload.
_FORM_ALLOWANCE = 1 << 16


class BodyTooLarge(Exception):
    """The body is longer than announced or allowed."""


class Guards:
    def __init__(self, app: App, api_key: str | None, max_body: int, max_file: int, metrics: Metrics) -> None:
        self._app = app
        self._expected = None if api_key is None else f"Bearer {api_key}".encode()
        self._max_body = max_body
        self._max_file = max_file
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = False

        async def watched(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                self._count(scope, message["status"])
            await send(message)

        headers = dict(scope["headers"])
        if self._expected is None and (reason := _foreign_reason(headers)) is not None:
            await _refuse(watched, 403, reason, "not_loopback")
            return
        if scope["path"] != "/health" and not self._is_authorized(headers.get(b"authorization", b"")):
            await _refuse(watched, 401, "A valid API key is needed: Authorization: Bearer KEY.", "invalid_api_key")
            return
        upload = scope["path"] == "/v1/files" and scope["method"] == "POST"
        limit = self._max_file + _FORM_ALLOWANCE if upload else self._max_body
        too_large = f"The body is larger than {limit} bytes."
        if int(headers.get(b"content-length", b"0")) > limit:
            await _refuse(watched, 413, too_large, "request_too_large")
            return
        received = 0

        async def bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                raise BodyTooLarge
            return message

        try:
            await self._app(scope, bounded, watched)
        except BodyTooLarge:
            if not started:
                await _refuse(watched, 413, too_large, "request_too_large")
        except Exception:
            # The outer middleware answers with 500, which would not be counted here.
            if not started:
                self._count(scope, 500)
            raise

    def _is_authorized(self, given: bytes) -> bool:
        return self._expected is None or hmac.compare_digest(given, self._expected)

    def _count(self, scope: Scope, status: int) -> None:
        # The route's pattern, not the path: ids would make a series each.
        route = getattr(scope.get("route"), "path", "unknown")
        self._metrics.requests.labels(route, str(status)).inc()


def _foreign_reason(headers: dict[bytes, bytes]) -> str | None:
    """
    The reason to refuse a request without a key, if there is one. Web pages reach loopback too: from another site, with
    its `Origin`, or after DNS rebinding, with the site's name as `Host`.
    """
    host, origin = headers.get(b"host"), headers.get(b"origin")
    if host is not None and not _is_local(b"//" + host):
        return "Without a key, this server answers to localhost and loopback addresses as Host only."
    if origin is not None and not _is_local(origin):
        return "Without a key, this server answers no web page but those of this machine."
    return None


# Few distinct values; an attacker's values only evict the others for a moment.
@lru_cache(64)
def _is_local(address: bytes) -> bool:
    try:
        host = urlsplit(address.decode("ascii")).hostname
    except ValueError:
        return False
    return host is not None and is_loopback(host)


async def _refuse(send: Send, status: int, message: str, code: str) -> None:
    body = orjson.dumps(error_body(status, message, code))
    # The rest of the body is not read, so the connection can't be used again.
    headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
