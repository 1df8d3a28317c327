"""Examples as token ids: a prompt, and what is learned to follow it."""

from collections.abc import Sequence
from dataclasses import dataclass

from ..models.text import ModelText
from .examples import Example
from .recipe import Recipe


@dataclass(frozen=True)
class Encoded:
    ids: tuple[int, ...]
    learned_from: int
    """Tokens from here on are learned."""
    cut: bool
    """It was longer than the recipe allows."""


def encode_examples(text: ModelText, examples: Sequence[Example], recipe: Recipe) -> list[Encoded]:
    return [_encode(text, example, recipe) for example in examples]


def _encode(text: ModelText, example: Example, recipe: Recipe) -> Encoded:
    messages = [{"role": message.role, "content": message.content} for message in example.messages]
    prompt = text.encode_prompt(messages[:-1], recipe.template)
    target = _target(text, messages, prompt, recipe.template)
    room = recipe.max_tokens
    cut = len(prompt) + len(target) > room
    # At least one token must stand before the first that is learned: where a prompt has none, the end of another text.
    prompt = prompt or [text.eos]
    target = target[: room - 1]
    prompt = _without_middle(prompt, room - len(target))
    return Encoded((*prompt, *target), len(prompt) if recipe.loss == "completion" else 1, cut)


def _target(text: ModelText, messages: list[dict[str, str]], prompt: list[int], template: str) -> list[int]:
    if template == "chat":
        whole = text.encode_chat(messages, answer_next=False)
        if whole[: len(prompt)] == prompt and len(whole) > len(prompt):
            rest = whole[len(prompt) :]
            return rest if text.eos in rest else [*rest, text.eos]
    return [*text.encode(messages[-1]["content"], start=False), text.eos]


def _without_middle(prompt: list[int], room: int) -> list[int]:
    """Instruction and question stand at the ends, so a text that is too long loses its middle."""
    if len(prompt) <= room:
        return prompt
    head = (room + 1) // 2
    return prompt[:head] + prompt[len(prompt) - (room - head) :]
