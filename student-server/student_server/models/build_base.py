"""A blueprint made flesh: a folder with tokenizer and weights, like any other base."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

import torch
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from ..durable import folder_at_once
from .blueprints import BLUEPRINTS
from .byte_tokenizer import END, PADDING, START, train_tokenizer

# Every copy of a base has the same weights, wherever it is built; the seed of a job sets its order and its dropout.
_WEIGHT_SEED = 0


def build_base(bases: Path, source: str, texts: Iterable[str] = ()) -> Path:
    """The folder of this blueprint with a tokenizer trained on these texts; made if it is not there."""
    blueprint = BLUEPRINTS[source]
    trained = train_tokenizer(texts, blueprint.vocabulary)
    content = hashlib.sha256(f"{blueprint} {trained.to_str()}".encode()).hexdigest()[:16]
    folder = bases / f"{source.replace(':', '-')}-{content}"
    if folder.is_dir():
        return folder
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=trained,
        bos_token=START,
        eos_token=END,
        pad_token=PADDING,
        model_max_length=blueprint.context,
        clean_up_tokenization_spaces=False,
    )
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=blueprint.width,
        intermediate_size=blueprint.hidden,
        num_hidden_layers=blueprint.layers,
        num_attention_heads=blueprint.heads,
        num_key_value_heads=blueprint.heads,
        max_position_embeddings=blueprint.context,
        bos_token_id=0,
        eos_token_id=1,
        pad_token_id=2,
        tie_word_embeddings=True,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(_WEIGHT_SEED)
        model = LlamaForCausalLM(config)
    with folder_at_once(folder) as scratch:
        model.save_pretrained(scratch)
        tokenizer.save_pretrained(scratch)
    return folder
