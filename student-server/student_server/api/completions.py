"""`/v1/completions`: text or token ids, one or many at once, with echo and log probabilities of the prompt."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Request, Response
from pydantic import Field

from ..errors import ApiError
from ..inference.engine import Answer, Engine, GenerateRow, Sampling, ScoreRow, Scores
from ..inference.served import Served
from ..services import Services
from ..state.database import now
from .admission import run_in_thread
from .dependencies import QueueDep, ServicesDep
from .prompting import SamplingRequest, Text, check_prompt, check_text, usage
from .reply import reply

if TYPE_CHECKING:
    # Imports PyTorch, which the API layer does not.
    from ..models.text import ModelText

# The number of prompts as at OpenAI, and more tokens than any context has. A parsed body is much larger than its bytes,
# so validation stops at the first invalid entry.
_MOST_PROMPTS = 2048
_MOST_TOKENS = 1 << 20
# Answers of a request: prompts times `n`.
_MOST_ANSWERS = 4096

TokenIds = Annotated[list[int], Field(min_length=1, max_length=_MOST_TOKENS, fail_fast=True)]


class CompletionRequest(SamplingRequest):
    prompt: (
        Text
        | TokenIds
        | Annotated[list[Text], Field(min_length=1, max_length=_MOST_PROMPTS, fail_fast=True)]
        | Annotated[list[TokenIds], Field(min_length=1, max_length=_MOST_PROMPTS, fail_fast=True)]
    )
    max_tokens: int = Field(16, ge=0)
    echo: bool = False
    logprobs: int | None = Field(None, ge=0, le=20)
    add_special_tokens: bool = True
    """As at vLLM: whether a text gets what the model expects at the start."""
    return_token_ids: bool = False


@dataclass(frozen=True)
class _Prepared:
    """A request with its prompts as token ids."""

    request: CompletionRequest
    served: Served
    engine: Engine
    prompts: list[list[int]]
    texts: list[str | None]
    samplings: list[Sampling]


router = APIRouter()


@router.post("/v1/completions")
async def complete(request: CompletionRequest, client: Request, services: ServicesDep, queue: QueueDep) -> Response:
    prepared = await run_in_thread(_read, services, request)
    scores = answers = None
    if request.echo and request.logprobs is not None:
        given = [ScoreRow(ids, request.logprobs) for ids in prepared.prompts]
        scores = await queue.submit(client, given, partial(prepared.engine.score, prepared.served))
    if request.max_tokens > 0:
        wanted = [GenerateRow(ids, sampling) for ids in prepared.prompts for sampling in prepared.samplings]
        answers = await queue.submit(client, wanted, partial(prepared.engine.generate, prepared.served))
    return await run_in_thread(_answer, services, prepared, scores, answers)


def _read(services: Services, request: CompletionRequest) -> _Prepared:
    request.refuse_unsupported()
    listed = _prompts(request)
    if len(listed) * request.n > _MOST_ANSWERS:
        message = f"n: {request.n} answers to each of {len(listed)} prompts are more than {_MOST_ANSWERS}."
        raise ApiError(400, message, code="invalid_value", param="n")
    served = services.catalog.find(request.model)
    engine = services.engine.get()
    text = engine.text(served)
    prompts: list[list[int]] = []
    texts: list[str | None] = []
    for prompt in listed:
        if isinstance(prompt, str):
            check_text(engine, served, prompt)
            texts.append(prompt)
            prompts.append(text.encode(prompt, start=request.add_special_tokens))
        else:
            texts.append(None)
            prompts.append(prompt)
        check_prompt(engine, served, prompts[-1], request.max_tokens)
    samplings = request.samplings(request.max_tokens, request.logprobs or 0)
    return _Prepared(request, served, engine, prompts, texts, samplings)


def _prompts(request: CompletionRequest) -> list[str | list[int]]:
    prompt = request.prompt
    if isinstance(prompt, str):
        return [prompt]
    listed: list[Any] = prompt
    return [listed] if isinstance(listed[0], int) else listed


def _answer(
    services: Services, prepared: _Prepared, scores: list[Scores] | None, answers: list[Answer] | None
) -> Response:
    request, text = prepared.request, prepared.engine.text(prepared.served)
    choices = []
    for n in range(len(prepared.prompts) * request.n):
        place = n // request.n
        answer = None if answers is None else answers[n]
        choices.append(_choice(text, prepared, n, place, None if scores is None else scores[place], answer))
    prompt_tokens = sum(len(ids) for ids in prepared.prompts)
    completion_tokens = sum(len(answer.ids) for answer in answers or [])
    services.metrics.prompt_tokens.inc(prompt_tokens)
    services.metrics.completion_tokens.inc(completion_tokens)
    return reply(
        {
            "id": f"cmpl-{secrets.token_hex(12)}",
            "object": "text_completion",
            "created": now(),
            "model": request.model,
            "choices": choices,
            "usage": usage(prompt_tokens, completion_tokens),
        }
    )


def _choice(
    text: ModelText, prepared: _Prepared, index: int, place: int, prompt_scores: Scores | None, answer: Answer | None
) -> dict[str, Any]:
    request, prompt = prepared.request, prepared.prompts[place]
    written = "" if answer is None else answer.text
    given = prepared.texts[place]
    if request.echo:
        written = ("".join(text.pieces(prompt, begins=True)) if given is None else given) + written
    choice: dict[str, Any] = {
        "index": index,
        "text": written,
        "logprobs": None,
        "finish_reason": "length" if answer is None else answer.finish,
    }
    if request.logprobs is not None:
        if prompt_scores is None:
            ids, begins = [], text.begins_after(prompt)
        else:
            ids, begins = prompt, given is None or text.begins_with(prompt, given)
        pieces = text.pieces(ids + ([] if answer is None else answer.ids), begins=begins)
        of_answer = Scores([], [], []) if answer is None else answer.scores
        both = of_answer if prompt_scores is None else prompt_scores + of_answer
        choice["logprobs"] = _logprobs(text, pieces, both, request.logprobs)
    if request.return_token_ids:
        choice["token_ids"] = [] if answer is None else answer.ids
        choice["prompt_token_ids"] = prompt
    return choice


def _logprobs(text: ModelText, pieces: list[str], scores: Scores, top: int) -> dict[str, Any]:
    offsets, at = [], 0
    for piece in pieces:
        offsets.append(at)
        at += len(piece)
    likeliest = None
    if top > 0:
        likeliest = [
            None if logprob is None else dict(zip((text.spelled(i) for i in best), values, strict=True))
            for logprob, best, values in zip(scores.logprobs, scores.top_ids, scores.top_logprobs, strict=True)
        ]
    return {"tokens": pieces, "token_logprobs": scores.logprobs, "text_offset": offsets, "top_logprobs": likeliest}
