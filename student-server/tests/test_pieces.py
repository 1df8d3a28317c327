"""Pieces of tokenizers that put a blank before every text, as SentencePiece does: Llama 2, TinyLlama, Mistral."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from workbench import Workbench

from student_server.models.text import ModelText

SENTENCES = ["Say red, for the first time.", "The answer is: red", "Say green and say it again"] * 5
# Those that "é" is made of; with all 256, a model of random weights would write little else.
BYTES = ["<0xC3>", "<0xA9>"]


def replacing() -> Any:
    return decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )


def tokenizer_of(kind: str) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    if kind == "prepend":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
        tokenizer.decoder = replacing()
    elif kind == "metaspace, stripped":
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="first", split=False)
        tokenizer.decoder = replacing()
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace("▁", prepend_scheme="always")
        tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace("▁", "always")])
    special = ["<unk>", "<s>", "</s>"]
    trainer = trainers.BpeTrainer(vocab_size=120, special_tokens=special + BYTES, show_progress=False)
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    # A byte is a token like any other, and is decoded.
    plain = json.loads(tokenizer.to_str())
    plain["added_tokens"] = [token for token in plain["added_tokens"] if token["content"] in special]
    return Tokenizer.from_str(json.dumps(plain))


@pytest.fixture(scope="module", params=["prepend", "metaspace, stripped", "metaspace"])
def blank_bench(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workbench]:
    folder: Path = tmp_path_factory.mktemp("base")
    made = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer_of(request.param), bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )
    made.save_pretrained(folder)
    torch.manual_seed(0)
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 1}
    LlamaForCausalLM(LlamaConfig(vocab_size=len(made), **shape)).save_pretrained(folder)
    with Workbench(tmp_path_factory.mktemp("home"), bases=(f"mine={folder}",)) as bench:
        yield bench


def text_of(bench: Workbench) -> ModelText:
    return bench.services.engine.get().text(bench.services.catalog.find("mine"))


def joined(choice: dict[str, Any]) -> str:
    """The tokens together, where each one stands where it is said to."""
    reported, text = choice["logprobs"], ""
    for piece, at in zip(reported["tokens"], reported["text_offset"], strict=True):
        assert at == len(text)
        text += piece
    return text


PROMPTS = ["Say red", " Say red", "  Say", "é red", " é", " ", "red", ""]


def test_an_echoed_text_is_its_pieces(blank_bench: Workbench) -> None:
    for choice, prompt in zip(
        blank_bench.complete("mine", PROMPTS, max_tokens=2, echo=True, logprobs=1), PROMPTS, strict=True
    ):
        assert choice["text"].startswith(prompt)
        assert joined(choice) == choice["text"]
    for choice, prompt in zip(
        blank_bench.complete("mine", PROMPTS, max_tokens=0, echo=True, logprobs=1), PROMPTS, strict=True
    ):
        assert joined(choice) == choice["text"] == prompt


def test_echoed_token_ids_are_what_the_tokenizer_makes_of_them(blank_bench: Workbench) -> None:
    text = text_of(blank_bench)
    prompts = [text.encode(prompt, start=True) for prompt in PROMPTS] + [text.encode("red", start=False)]
    for choice, ids in zip(
        blank_bench.complete("mine", prompts, max_tokens=0, echo=True, logprobs=0), prompts, strict=True
    ):
        assert joined(choice) == choice["text"] == text.tokenizer.decode(ids, skip_special_tokens=True)


@pytest.mark.parametrize("prompt", ["Say red", ""])
def test_an_answer_has_the_blank_that_the_text_has_there(blank_bench: Workbench, prompt: str) -> None:
    text = text_of(blank_bench)
    drawn: dict[str, Any] = {"temperature": 1.5, "seed": 3, "n": 64, "max_tokens": 3, "stop": ["zzz"]}
    blanks = 0
    for choice in blank_bench.complete("mine", prompt, logprobs=0, return_token_ids=True, **drawn):
        if "\ufffd" in choice["text"]:
            continue
        whole = text.tokenizer.decode(choice["prompt_token_ids"] + choice["token_ids"], skip_special_tokens=True)
        assert joined(choice) == choice["text"] == whole.removeprefix(prompt)
        assert whole.startswith(prompt)
        blanks += any(text.spelled(token).startswith(" ") for token in choice["token_ids"][:1])
    # Not all answers, and not none: otherwise this has shown nothing.
    assert 0 < blanks < 64
