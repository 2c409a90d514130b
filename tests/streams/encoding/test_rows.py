from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from encoders.base import BadEntryError, Encoder
from streams.embeddings import Embedded
from streams.encoding import TextEncoding
from streams.events import ItemDocument


class FakeEncoder(Encoder[str]):
    """Notes what it encodes; whatever contains "bad" fails."""

    name, version, modality, dim = "fake", "1", "text", 8

    def __init__(self) -> None:
        self.seen: list[str] = []

    def prepare(self, entry: object) -> str:
        text = str(entry)
        self.seen.append(text)
        if "bad" in text:
            message = "cannot be read"
            raise BadEntryError(message)
        return text

    def embed(self, prepared: Sequence[str]) -> NDArray[np.float32]:
        return np.eye(self.dim, dtype=np.float32)[[len(text) % self.dim for text in prepared]]


def nothing(_content_hash: str, _encoder: str) -> Embedded | None:
    return None


def test_each_text_gets_a_unit_vector_and_the_document_says_so() -> None:
    encoding = TextEncoding(FakeEncoder())
    document = ItemDocument("i", title="Teapot")
    row = encoding.encode([document], nothing)["i"]["text"]
    vector = np.frombuffer(row.vector, np.float16).astype(np.float32)
    assert abs(float(np.linalg.norm(vector)) - 1) < 1e-3
    assert (row.error, row.encoder) == (None, encoding.name)
    assert (document.modalities, document.encode_errors) == (1, None)


def test_equal_texts_of_one_batch_are_encoded_once() -> None:
    encoder = FakeEncoder()
    rows = TextEncoding(encoder).encode([ItemDocument(i, title="Teapot") for i in "ab"], nothing)
    assert encoder.seen == ["Teapot"]
    assert rows["a"] == rows["b"]


def test_what_was_encoded_before_is_looked_up_by_content_and_encoder() -> None:
    encoder = FakeEncoder()
    encoding = TextEncoding(encoder)
    asked: list[tuple[str, str]] = []
    known = Embedded("hash", encoding.name, b"vector")

    def find(content_hash: str, name: str) -> Embedded:
        asked.append((content_hash, name))
        return known

    assert encoding.encode([ItemDocument("i", title="Teapot")], find) == {"i": {"text": known}}
    assert encoder.seen == []
    assert [name for _, name in asked] == [encoding.name]


def test_another_version_of_the_encoder_is_another_name() -> None:
    newer: Any = FakeEncoder()
    newer.version = "2"
    assert TextEncoding(newer).name != TextEncoding(FakeEncoder()).name


def test_an_item_without_text_has_no_vector_and_no_error() -> None:
    encoder, document = FakeEncoder(), ItemDocument("i", price=3.0)
    assert TextEncoding(encoder).encode([document], nothing) == {"i": {}}
    assert (document.modalities, document.encode_errors, encoder.seen) == (0, None, [])


def test_a_text_that_fails_says_why_and_the_others_have_theirs() -> None:
    bad, good = ItemDocument("b", title="bad"), ItemDocument("g", title="good")
    rows = TextEncoding(FakeEncoder()).encode([bad, good], nothing)
    assert (rows["b"]["text"].vector, rows["b"]["text"].error) == (b"", "cannot be read")
    assert (bad.modalities, bad.encode_errors) == (0, {"text": "cannot be read"})
    assert (good.modalities, good.encode_errors) == (1, None)
