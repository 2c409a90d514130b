"""Tokenizers that know every text, made from vocabularies of single letters or bytes."""

from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors
from transformers import BertTokenizer, PreTrainedTokenizerFast

LETTERS = [chr(code) for code in range(ord("a"), ord("z") + 1)]


def save_letters(folder: Path) -> int:
    """A BERT tokenizer of single letters; the size of its vocabulary."""
    vocabulary = [
        "[PAD]",
        "[UNK]",
        "[CLS]",
        "[SEP]",
        "[MASK]",
        *LETTERS,
        *(f"##{letter}" for letter in LETTERS),
    ]
    places = {token: place for place, token in enumerate(vocabulary)}
    BertTokenizer(vocab=places, model_max_length=64).save_pretrained(folder)
    return len(vocabulary)


def save_bytes(folder: Path, *, first: str | None, last: str, padding: str, length: int) -> int:
    """A byte-level tokenizer without merges; the size of its vocabulary.

    Args:
        folder: Where it is saved.
        first: Special token before a text, if any.
        last: Special token after it.
        padding: Special token for padding.
        length: Tokens the model reads, as the tokenizer tells it.
    """
    special = list(dict.fromkeys(token for token in (first, padding, last) if token is not None))
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    places = {token: place for place, token in enumerate([*special, *alphabet])}
    tokenizer = Tokenizer(models.BPE(vocab=places, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{first} $A {last}" if first else f"$A {last}",
        special_tokens=[(token, places[token]) for token in special],
    )
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]  # untyped there
        tokenizer_object=tokenizer,
        bos_token=first,
        eos_token=last,
        pad_token=padding,
        model_max_length=length,
    ).save_pretrained(folder)
    return len(places)
