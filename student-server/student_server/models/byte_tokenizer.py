"""Byte-level BPE for blueprints. It spells any text; what it learns from texts only makes them shorter."""

from collections.abc import Iterable

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

# The same ids in every tokenizer of a blueprint: what a run learns of one student's start holds for the next one's.
START, END, PADDING = "<s>", "</s>", "<pad>"
SPECIAL = (START, END, PADDING)


def train_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """A function of the texts and their order. Without texts: the 256 bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        min_frequency=2,
        special_tokens=list(SPECIAL),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"{START} $A", special_tokens=[(START, 0)])
    return tokenizer
