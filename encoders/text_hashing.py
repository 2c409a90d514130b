"""Text to vectors by hashing words and character n-grams: no weights, no model, any language."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import ClassVar
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from encoders.base import Encoder, fingerprint
from encoders.modalities import Modality
from encoders.text import PREPARATION, prepare_text

DIM = 256
SEED = 17
GRAM_LENGTHS = (3, 4, 5)
WORD_CHARACTERS = 40
"""Characters of one word that count; a longer one is no word, and n-grams cost time."""
WORDS_REMEMBERED = 8_192
RECIPE = f"hashing1 dim={DIM} seed={SEED} grams={GRAM_LENGTHS} word={WORD_CHARACTERS}"

_TOKEN = re.compile(r"\w+|[^\w\s]")


class HashingEncoder(Encoder[str]):
    """A text is the sum of its distinct words, each hashed as a whole and by its character n-grams.

    Signed feature hashing (Weinberger et al., 2009) over subwords (Bojanowski et al., 2017). Equal on every
    machine and Python; only letters that a newer Unicode added can fall into other words on an older Python.
    """

    name = "hashing"
    modality: ClassVar[Modality] = "text"
    dim = DIM

    def __init__(self, device: str = "cpu") -> None:
        """Makes the encoder; it runs on the CPU whatever `device` says."""
        self.version = fingerprint(RECIPE, PREPARATION)

    def prepare(self, entry: object) -> str:
        """As `encoders.text.prepare_text`."""
        return prepare_text(entry)

    def embed(self, prepared: Sequence[str]) -> NDArray[np.float32]:
        """[n, DIM]: sums of the vectors of distinct words."""
        raw = np.zeros((len(prepared), DIM), np.float32)
        for row, text in enumerate(prepared):
            # A dict, not a set: with the order of a salted hash, sums would differ in the last bit.
            for token in dict.fromkeys(_TOKEN.findall(text.casefold())):
                raw[row] += _token_vector(token[:WORD_CHARACTERS])
        return raw


@lru_cache(WORDS_REMEMBERED)
def _token_vector(token: str) -> NDArray[np.float32]:
    """[DIM]: the word's own feature, and n-grams that together weigh as much as it."""
    bounded = f"<{token}>"
    grams = [bounded[i : i + n] for n in GRAM_LENGTHS for i in range(len(bounded) - n + 1)]
    features = [token, *grams]
    weights = np.full(len(features), 1.0 / np.sqrt(max(1, len(grams))), np.float32)
    weights[0] = 1.0
    hashes = np.array([crc32(feature.encode(), SEED) for feature in features], np.uint64)
    # CRC is linear, so similar n-grams differ in few bits; a multiplication (Knuth) spreads these upwards.
    mixed = (hashes * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    signs = np.where(mixed >> np.uint64(31), np.float32(1), np.float32(-1))
    vector = np.zeros(DIM, np.float32)
    np.add.at(vector, (mixed % np.uint64(DIM)).astype(np.intp), signs * weights)
    return vector
