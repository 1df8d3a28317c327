"""`/v1/chat/completions`: with the template that the model was trained with."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from ..inference.engine import Answer, Engine, GenerateRow
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

# More turns than a context can hold. Validation stops at the first invalid entry.
_MOST_MESSAGES = 2048

# Default limit: enough for a rationale, at most what the context has left.
_DEFAULT_TOKENS = 512


class TextPart(BaseModel):
    type: Literal["text"]
    text: Text


class ChatMessage(BaseModel):
    role: Literal["system", "developer", "user", "assistant"]
    content: Text | Annotated[list[TextPart], Field(max_length=_MOST_MESSAGES, fail_fast=True)]

    def plain(self) -> dict[str, str]:
        text = self.content if isinstance(self.content, str) else "".join(part.text for part in self.content)
        return {"role": "system" if self.role == "developer" else self.role, "content": text}


Conversation = Annotated[list[ChatMessage], Field(max_length=_MOST_MESSAGES, fail_fast=True)]


def plain_messages(engine: Engine, served: Served, conversation: Sequence[ChatMessage]) -> list[dict[str, str]]:
    """Throws 400 where they do not fit."""
    messages = [message.plain() for message in conversation]
    check_text(engine, served, "".join(message["content"] for message in messages))
    return messages


class ChatRequest(SamplingRequest):
    messages: Annotated[Conversation, Field(min_length=1)]
    max_tokens: int | None = Field(None, ge=1)
    max_completion_tokens: int | None = Field(None, ge=1)
    logprobs: bool = False
    top_logprobs: int = Field(0, ge=0, le=20)


router = APIRouter()


@router.post("/v1/chat/completions")
async def chat(request: ChatRequest, client: Request, services: ServicesDep, queue: QueueDep) -> Response:
    served, engine, rows = await run_in_thread(_read, services, request)
    answers = await queue.submit(client, rows, partial(engine.generate, served))
    return await run_in_thread(_answer, services, request, served, engine, rows, answers)


def _read(services: Services, request: ChatRequest) -> tuple[Served, Engine, list[GenerateRow]]:
    request.refuse_unsupported()
    served = services.catalog.find(request.model)
    engine = services.engine.get()
    messages = plain_messages(engine, served, request.messages)
    ids = engine.text(served).encode_prompt(messages, served.template)
    wanted = request.max_completion_tokens or request.max_tokens
    if wanted is None:
        wanted = max(1, min(_DEFAULT_TOKENS, engine.context(served) - len(ids)))
    check_prompt(engine, served, ids, wanted)
    samplings = request.samplings(wanted, request.top_logprobs if request.logprobs else 0)
    return served, engine, [GenerateRow(ids, sampling) for sampling in samplings]


def _answer(
    services: Services,
    request: ChatRequest,
    served: Served,
    engine: Engine,
    rows: list[GenerateRow],
    answers: list[Answer],
) -> Response:
    text, prompt = engine.text(served), rows[0].ids
    choices = [
        {
            "index": index,
            "message": {"role": "assistant", "content": answer.text, "refusal": None},
            "logprobs": {"content": _logprobs(text, prompt, answer), "refusal": None} if request.logprobs else None,
            "finish_reason": answer.finish,
        }
        for index, answer in enumerate(answers)
    ]
    prompt_tokens, completion_tokens = len(prompt), sum(len(answer.ids) for answer in answers)
    services.metrics.prompt_tokens.inc(prompt_tokens)
    services.metrics.completion_tokens.inc(completion_tokens)
    return reply(
        {
            "id": f"chatcmpl-{secrets.token_hex(12)}",
            "object": "chat.completion",
            "created": now(),
            "model": request.model,
            "choices": choices,
            "usage": usage(prompt_tokens, completion_tokens),
        }
    )


def _logprobs(text: ModelText, prompt: list[int], answer: Answer) -> list[dict[str, Any]]:
    scores = answer.scores
    pieces = text.pieces(answer.ids, begins=text.begins_after(prompt))
    return [
        {
            "token": piece,
            "logprob": logprob,
            "bytes": text.bytes_of(token),
            "top_logprobs": [
                {"token": text.spelled(likely), "logprob": value, "bytes": text.bytes_of(likely)}
                for likely, value in zip(best, values, strict=True)
            ],
        }
        for token, piece, logprob, best, values in zip(
            answer.ids, pieces, scores.logprobs, scores.top_ids, scores.top_logprobs, strict=True
        )
    ]
