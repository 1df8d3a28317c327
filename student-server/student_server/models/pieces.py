"""Token ids back to text, token by token: a character made of several tokens comes with its last one."""

import codecs
import json
from collections.abc import Sequence
from typing import Any


class Pieces:
    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._special = frozenset(tokenizer.all_special_ids)
        self._kind = _kind_of(tokenizer)
        self._known: dict[int, bytes] = {}

    def of(self, ids: Sequence[int]) -> list[str]:
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        pieces = [decoder.decode(self._bytes(token)) for token in ids]
        rest = decoder.decode(b"", final=True)
        if pieces and rest:
            pieces[-1] += rest
        return pieces

    def spelled(self, token: int) -> str:
        """One token by itself: bytes that are no character by themselves are spelled out, as OpenAI does."""
        raw = self._bytes(token)
        if raw == b"":
            name: str = self._tokenizer.convert_ids_to_tokens(token)
            return name
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return "bytes:" + "".join(f"\\x{byte:02x}" for byte in raw)

    def bytes_of(self, token: int) -> list[int]:
        return list(self._bytes(token))

    def _bytes(self, token: int) -> bytes:
        known = self._known.get(token)
        if known is None:
            known = self._known[token] = self._look_up(token)
        return known

    def _look_up(self, token: int) -> bytes:
        if token in self._special or token >= len(self._tokenizer):
            return b""
        spelled: str = self._tokenizer.convert_ids_to_tokens(token)
        if self._kind == "bytes":
            try:
                return bytes(_BYTES[character] for character in spelled)
            except KeyError:
                # An added token: it stands for itself.
                return spelled.encode()
        if self._kind == "sentencepiece":
            if len(spelled) == 6 and spelled.startswith("<0x"):
                return bytes([int(spelled[3:5], 16)])
            return spelled.replace("\u2581", " ").encode()
        text: str = self._tokenizer.decode([token])
        return text.encode()


def _kind_of(tokenizer: Any) -> str:
    """How a tokenizer writes bytes and spaces, read from its decoder."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    decoder = None if backend is None else json.loads(backend.to_str()).get("decoder")
    parts = json.dumps(decoder)
    if '"ByteLevel"' in parts:
        return "bytes"
    return "sentencepiece" if "\u2581" in json.dumps(decoder, ensure_ascii=False) else "other"


def _byte_characters() -> dict[str, int]:
    """GPT-2's spelling of the 256 bytes: printable ones as they are, the others moved up beyond 255."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(byte): byte for byte in plain}
    others = [byte for byte in range(256) if byte not in set(plain)]
    return table | {chr(256 + index): byte for index, byte in enumerate(others)}


_BYTES = _byte_characters()
