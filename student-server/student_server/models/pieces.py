"""Token ids back to text, token by token: a character made of several tokens comes with its last one."""

import codecs
import json
from collections.abc import Sequence
from typing import Any


class Pieces:
    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._special = frozenset(tokenizer.all_special_ids)
        decoder = _decoder_of(tokenizer)
        self._kind = _kind_of(decoder)
        self.drops_blank = _drops_blank(decoder)
        """Whether a text begins without the blank of its first token, as SentencePiece puts one before every text."""
        self._known: dict[int, bytes] = {}

    def of(self, ids: Sequence[int], *, begins: bool) -> list[str]:
        """`begins`: a text begins here; else it goes on, and a blank is one between two words."""
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        pieces = [decoder.decode(self._bytes(token)) for token in ids]
        rest = decoder.decode(b"", final=True)
        if pieces and rest:
            pieces[-1] += rest
        if begins and self.drops_blank:
            first = next((place for place, piece in enumerate(pieces) if piece), None)
            if first is not None:
                pieces[first] = pieces[first].removeprefix(" ")
        return pieces

    def are_text(self, ids: Sequence[int]) -> bool:
        """Whether anything of this is text: special tokens are none."""
        return any(self._bytes(token) for token in ids)

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
                # An added token represents itself.
                return spelled.encode()
        if self._kind == "sentencepiece":
            if len(spelled) == 6 and spelled.startswith("<0x"):
                return bytes([int(spelled[3:5], 16)])
            return spelled.replace("\u2581", " ").encode()
        text: str = self._tokenizer.decode([token])
        return text.encode()


def _decoder_of(tokenizer: Any) -> Any:
    """How a fast tokenizer makes text of tokens, as its file says it."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    return None if backend is None else json.loads(backend.to_str()).get("decoder")


def _kind_of(decoder: Any) -> str:
    """How a tokenizer writes bytes and spaces."""
    parts = json.dumps(decoder, ensure_ascii=False)
    if '"ByteLevel"' in parts:
        return "bytes"
    return "sentencepiece" if "\u2581" in parts else "other"


def _drops_blank(decoder: Any) -> bool:
    if decoder is None:
        return False
    if decoder["type"] == "Sequence":
        return any(_drops_blank(part) for part in decoder["decoders"])
    if decoder["type"] == "Metaspace":
        return bool(decoder["prepend_scheme"] != "never")
    return bool(decoder["type"] == "Strip" and decoder["content"] == " " and decoder["start"] > 0)


def _byte_characters() -> dict[str, int]:
    """GPT-2's spelling of the 256 bytes: printable ones as they are, the others moved up beyond 255."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    table = {chr(byte): byte for byte in plain}
    others = [byte for byte in range(256) if byte not in set(plain)]
    return table | {chr(256 + index): byte for index, byte in enumerate(others)}


_BYTES = _byte_characters()
