"""What completions and chat completions share: sampling parameters, and prompts that fit."""

from __future__ import annotations

import hashlib
import secrets
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from ..errors import ApiError
from ..inference.engine import Engine, Sampling
from ..inference.served import Served


def _whole_characters(text: str) -> str:
    """JSON can spell half of a surrogate pair, which no encoding can."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair is no text") from error
    return text


Text = Annotated[str, AfterValidator(_whole_characters)]
Stop = Annotated[Text, Field(min_length=1)]

# More than texts have on average: about 4 in English; single tokens of many blanks have more.
_CHARACTERS_A_TOKEN = 64

# Parameters that would change an answer and that this server does not know, with the value that means nothing.
_NOT_SUPPORTED: dict[str, tuple[Any, ...]] = {
    "stream": (False,),
    "tools": ([],),
    "functions": ([],),
    "response_format": ({"type": "text"},),
    "logit_bias": ({},),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "best_of": (1,),
    "suffix": ("",),
}


class SamplingRequest(BaseModel):
    model_config = ConfigDict(extra="allow")

    model: str
    temperature: float = Field(1.0, ge=0, le=2, allow_inf_nan=False)
    top_p: float = Field(1.0, gt=0, le=1, allow_inf_nan=False)
    n: int = Field(1, ge=1, le=128)
    seed: int | None = Field(None, ge=-(1 << 63), lt=1 << 63)
    stop: Stop | Annotated[list[Stop], Field(max_length=16)] | None = None

    def refuse_unsupported(self) -> None:
        for name, harmless in _NOT_SUPPORTED.items():
            value = (self.model_extra or {}).get(name)
            if value is not None and value not in harmless:
                what = "Streaming is" if name == "stream" else f"'{name}' is"
                raise ApiError(400, f"{what} not supported by this server.", code="unsupported_parameter", param=name)

    def samplings(self, max_tokens: int, top: int) -> list[Sampling]:
        """One for each of `n`. The same seed gives the same answers, wherever the prompt stands in a request."""
        seed = secrets.randbits(63) if self.seed is None else self.seed
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return [
            Sampling(max_tokens, self.temperature, self.top_p, _seed_of(seed, sample), stop, top)
            for sample in range(self.n)
        ]


def _seed_of(seed: int, sample: int) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{sample}".encode()).digest()[:8]) >> 1


def check_text(engine: Engine, served: Served, text: str) -> None:
    """Throws 400 where a text can't fit: a tokenizer needs hundreds of times the memory of a text."""
    context = engine.context(served)
    if len(text) > context * _CHARACTERS_A_TOKEN:
        raise ApiError(
            400,
            f"This model's maximum context length is {context} tokens. However, your prompt has {len(text)} "
            "characters.",
            code="context_length_exceeded",
            param="prompt",
        )


def check_prompt(engine: Engine, served: Served, ids: list[int], max_tokens: int) -> None:
    """Throws 400 where a prompt is empty, is none of this model's tokens, or leaves no room for the answer."""
    if not ids:
        raise ApiError(400, "prompt: at least one token is expected.", code="invalid_value", param="prompt")
    vocabulary = engine.text(served).vocabulary
    if min(ids) < 0 or max(ids) >= vocabulary:
        raise ApiError(
            400, f"prompt: token ids from 0 to {vocabulary - 1} are expected.", code="invalid_value", param="prompt"
        )
    context = engine.context(served)
    if len(ids) + max_tokens > context:
        raise ApiError(
            400,
            f"This model's maximum context length is {context} tokens. However, you requested "
            f"{len(ids) + max_tokens} tokens ({len(ids)} in the prompt, {max_tokens} for the answer).",
            code="context_length_exceeded",
            param="prompt",
        )


def usage(prompt_tokens: int, completion_tokens: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens,
    }
