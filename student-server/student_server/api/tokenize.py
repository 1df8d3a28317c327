"""`/tokenize` in vLLM's shape: the ids of a text or of messages, so that scores use exact tokens."""

from __future__ import annotations

from fastapi import APIRouter, Response
from pydantic import BaseModel

from ..errors import ApiError
from .chat import Conversation, plain_messages
from .dependencies import ServicesDep
from .prompting import Text, check_text
from .reply import reply


class TokenizeRequest(BaseModel):
    model: str
    prompt: Text | None = None
    messages: Conversation | None = None
    add_special_tokens: bool = True
    add_generation_prompt: bool = True


router = APIRouter()


@router.post("/tokenize")
@router.post("/v1/tokenize", include_in_schema=False)
def tokenize(services: ServicesDep, request: TokenizeRequest) -> Response:
    served = services.catalog.find(request.model)
    engine = services.engine.get()
    text = engine.text(served)
    if request.messages:
        messages = plain_messages(engine, served, request.messages)
        if served.template == "chat" and not request.add_generation_prompt:
            ids = text.encode_chat(messages, answer_next=False)
        else:
            ids = text.encode_prompt(messages, served.template)
    elif request.prompt is not None:
        check_text(engine, served, request.prompt)
        ids = text.encode(request.prompt, start=request.add_special_tokens)
    else:
        raise ApiError(400, "either prompt or messages is needed", code="missing_required_parameter", param="prompt")
    return reply({"count": len(ids), "max_model_len": engine.context(served), "tokens": ids})
