"""Client of a vLLM server: token ids in, token ids out."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Any

import httpx

from .engine import GenerateRow, ScoreRow, Scores

# vLLM returns tokens in this form on request; their texts alone would be ambiguous.
_TOKEN_ID = "token_id:"


class VllmError(Exception):
    """vLLM refused, or is not there."""

    def __init__(self, message: str, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class VllmApi:
    def __init__(self, url: str) -> None:
        # It is on this machine: a proxy of the environment would not reach it.
        base = url.removesuffix("/").removesuffix("/v1")
        self._client = httpx.Client(base_url=base, timeout=600, trust_env=False)

    def base(self) -> tuple[str, int]:
        """Name and context length of the model it was started with."""
        listed = self._call("GET", "/v1/models")["data"]
        first = next(model for model in listed if model.get("parent") is None)
        return str(first["id"]), int(first["max_model_len"])

    def load_adapter(self, name: str, path: str) -> None:
        try:
            self._call("POST", "/v1/load_lora_adapter", {"lora_name": name, "lora_path": path})
        except VllmError as error:
            # A message that is repeated after a lost answer.
            if "already" not in str(error):
                raise

    def unload_adapter(self, name: str) -> None:
        self._call("POST", "/v1/unload_lora_adapter", {"lora_name": name})

    def sleep(self) -> None:
        self._call("POST", "/sleep?level=1")

    def wake_up(self) -> None:
        self._call("POST", "/wake_up")

    def complete(self, model: str, rows: Sequence[GenerateRow]) -> list[dict[str, Any]]:
        """Rows with one and the same sampling."""
        sampling = rows[0].sampling
        return self._completions(
            model,
            [row.ids for row in rows],
            max_tokens=sampling.max_tokens,
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            logprobs=sampling.top,
            **({"stop": list(sampling.stop)} if sampling.stop else {}),
            **({"seed": sampling.seed} if sampling.temperature > 0 else {}),
        )

    def echo(self, model: str, rows: Sequence[ScoreRow]) -> list[dict[str, Any]]:
        # Prefix caching has given values that depend on what was asked before; a salt of its own keeps a request apart.
        more = {"echo": True, "max_tokens": 0, "temperature": 0, "cache_salt": secrets.token_hex(8)}
        return self._completions(model, [row.ids for row in rows], logprobs=max(row.top for row in rows), **more)

    def close(self) -> None:
        self._client.close()

    def _completions(self, model: str, prompts: list[list[int]], **more: Any) -> list[dict[str, Any]]:
        body = {"model": model, "prompt": prompts, "return_tokens_as_token_ids": True, **more}
        choices: list[dict[str, Any]] = self._call("POST", "/v1/completions", body)["choices"]
        return sorted(choices, key=lambda choice: int(choice["index"]))

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        try:
            answer = self._client.request(method, path, json=body)
        except httpx.HTTPError as error:
            raise VllmError(f"vLLM does not answer: {error}") from error
        if answer.is_error:
            raise VllmError(f"vLLM answered {answer.status_code} to {path}: {answer.text[:300]}", answer.status_code)
        # Sleeping and loading are answered with a sentence, or with nothing.
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else None


def ids_of(choice: dict[str, Any]) -> list[int]:
    return [_id(token) for token in choice["logprobs"]["tokens"]]


def scores_of(choice: dict[str, Any], top: int) -> Scores:
    logprobs = choice["logprobs"]
    likeliest: list[dict[str, float] | None] = logprobs["top_logprobs"] or [None] * len(logprobs["tokens"])
    # vLLM adds the token that was taken where it is not among the most likely.
    ranked = [sorted((best or {}).items(), key=lambda pair: -pair[1])[:top] for best in likeliest]
    return Scores(
        list(logprobs["token_logprobs"]),
        [[_id(token) for token, _ in best] for best in ranked],
        [[value for _, value in best] for best in ranked],
    )


def _id(token: str) -> int:
    return int(token.removeprefix(_TOKEN_ID))
