from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import pytest
from numpy.typing import NDArray

from encoders.base import BadEntryError, Encoder
from encoders.modalities import Modality
from encoders.probes.errors import ProbeError
from encoders.probes.spaces import encode_spaces
from encoders.projection import DIMENSION_LIMIT
from encoders.text_hashing import HashingEncoder


class Letters(Encoder[str]):
    """One number for each character code; refuses what is written in capitals."""

    name = "letters"
    version = "letters1"
    modality: ClassVar[Modality] = "text"
    dim = DIMENSION_LIMIT + 1

    def prepare(self, entry: object) -> str:
        if not isinstance(entry, str) or entry.isupper():
            message = "capitals are not read"
            raise BadEntryError(message)
        return entry

    def embed(self, prepared: Sequence[str]) -> NDArray[np.float32]:
        counts = [np.bincount([ord(letter) for letter in text], minlength=self.dim) for text in prepared]
        return np.stack(counts).astype(np.float32)


def test_each_space_has_the_entries_that_all_can_encode() -> None:
    told: list[tuple[str, int]] = []
    texts = ["one", "TWO", "<p></p>", "four"]
    spaces = encode_spaces(
        Letters(), HashingEncoder(), lambda: texts, lambda name, count: told.append((name, count))
    )
    assert spaces.places == [0, 3]
    assert spaces.errors[1] == "capitals are not read"
    assert "no text left" in spaces.errors[2]
    assert {name: vectors.shape for name, vectors in spaces.vectors.items()} == {
        "letters": (2, DIMENSION_LIMIT),
        "letters, unprojected": (2, DIMENSION_LIMIT + 1),
        "raw: hashing": (2, HashingEncoder.dim),
    }
    assert told == [("letters", 4), ("raw: hashing", 4)]


def test_small_vectors_are_shown_once() -> None:
    assert list(encode_spaces(HashingEncoder(), HashingEncoder(), lambda: ["a b"]).vectors) == [
        "hashing",
        "raw: hashing",
    ]


def test_something_must_be_left() -> None:
    with pytest.raises(
        ProbeError, match="none of 2 entries can be encoded; the first: capitals are not read"
    ):
        encode_spaces(Letters(), HashingEncoder(), lambda: ["ONE", "TWO"])
