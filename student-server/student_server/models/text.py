"""Text and token ids of one model."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from transformers import AutoTokenizer

from .pieces import Pieces

# For tokenizers that bring no chat template.
PLAIN_CHAT_TEMPLATE = (
    "{% for message in messages %}{{ message.role }}:\n{{ message.content }}\n\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:\n{% endif %}"
)

Messages = Sequence[dict[str, str]]


class ModelText:
    """Safe to share between threads."""

    def __init__(self, source: str) -> None:
        self.tokenizer: Any = AutoTokenizer.from_pretrained(source)
        if self.tokenizer.chat_template is None:
            self.tokenizer.chat_template = PLAIN_CHAT_TEMPLATE
        self._lock = threading.Lock()
        self._pieces = Pieces(self.tokenizer)

    @property
    def eos(self) -> int:
        return int(self.tokenizer.eos_token_id)

    @property
    def vocabulary(self) -> int:
        return len(self.tokenizer)

    def encode(self, text: str, *, start: bool) -> list[int]:
        """`start`: with what the model expects before a text. Text that spells a special token stays text."""
        with self._lock:
            ids: list[int] = self.tokenizer.encode(text, add_special_tokens=start, split_special_tokens=True)
        return ids[:-1] if start and ids and ids[-1] == self.eos else ids

    def encode_chat(self, messages: Messages, *, answer_next: bool) -> list[int]:
        with self._lock:
            encoded = self.tokenizer.apply_chat_template(
                list(messages), add_generation_prompt=answer_next, return_dict=True
            )
        ids: list[int] = encoded["input_ids"]
        return ids

    def encode_prompt(self, messages: Messages, template: str) -> list[int]:
        """The prompt before the answer. A single message is its own text, so `completions` can send the same."""
        if template == "chat":
            return self.encode_chat(messages, answer_next=True)
        return self.encode("\n\n".join(message["content"] for message in messages), start=True)

    def pieces(self, ids: Sequence[int], *, begins: bool = False) -> list[str]:
        """
        The text that each token adds; together they are the text. Special tokens add nothing. `begins`: a text begins
        with these, rather than goes on: many tokenizers write a blank before its first word, which is not in the text.
        """
        return self._pieces.of(ids, begins=begins)

    def begins_after(self, prompt: Sequence[int]) -> bool:
        """Whether a text begins after this prompt, because it holds none."""
        return self._pieces.drops_blank and not self._pieces.are_text(prompt)

    def begins_with(self, ids: Sequence[int], given: str) -> bool:
        """Whether this text lost a blank that its tokens have. Only text shows it: "a" and " a" may have equal ids."""
        if not self._pieces.drops_blank or "".join(self.pieces(ids, begins=True)) == given:
            return True
        return "".join(self.pieces(ids)) != given

    def spelled(self, token: int) -> str:
        """One token by itself, as a name for it."""
        return self._pieces.spelled(token)

    def bytes_of(self, token: int) -> list[int]:
        return self._pieces.bytes_of(token)

    def save(self, folder: str) -> None:
        self.tokenizer.save_pretrained(folder)
