"""The laws of `encoders.base.Encoder`, held against every encoder of the registry."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from encoders.base import Encoder
from encoders.modalities import Modality
from encoders.registry import ENCODERS, load

GOOD: dict[Modality, Sequence[Any]] = {
    "text": [
        "a puppy plays in the garden",
        "x",
        "Grüße aus München, 東京 и Москва 🙂",
        "<p>Blue <b>shoes</b>, size&nbsp;42</p>",
        "one of many long sentences " * 80,
    ]
}
"""Per modality, entries that differ in length and kind."""
BAD: dict[Modality, Sequence[Any]] = {"text": ["", " \n\t ", "<br/>", None, b"bytes", 7, "\ud800"]}
COSINE_TOLERANCE = 1e-3


@pytest.fixture(scope="module", params=sorted(ENCODERS))
def encoder(request: pytest.FixtureRequest) -> Encoder[Any]:
    return load(request.param, "cpu")


def cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((left * right).sum(axis=1), np.float32)


def assert_same(left: NDArray[np.float32], right: NDArray[np.float32]) -> None:
    assert left.shape == right.shape
    assert cosines(left, right).min() > 1 - COSINE_TOLERANCE


def test_says_what_it_is(encoder: Encoder[Any]) -> None:
    entry = ENCODERS[encoder.name]
    assert encoder.modality == entry.modality
    assert encoder.version
    assert encoder.dim > 0


def test_vectors_are_float32_of_unit_length(encoder: Encoder[Any]) -> None:
    batch = GOOD[encoder.modality]
    encoded = encoder.encode(batch)
    assert encoded.errors == {}
    assert encoded.vectors.dtype == np.float32
    assert encoded.vectors.shape == (len(batch), encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(encoded.vectors, axis=1), 1.0, atol=1e-5)


def test_a_batch_equals_one_by_one(encoder: Encoder[Any]) -> None:
    batch = GOOD[encoder.modality]
    single = np.concatenate([encoder.encode([entry]).vectors for entry in batch])
    assert_same(encoder.encode(batch).vectors, single)


def test_order_is_kept(encoder: Encoder[Any]) -> None:
    batch = GOOD[encoder.modality]
    forward = encoder.encode(batch).vectors
    backward = encoder.encode(batch[::-1]).vectors[::-1]
    assert_same(forward, backward)
    # The entries differ, so that a mixed-up order could not pass.
    similarity = forward @ forward.T - np.eye(len(batch))
    assert similarity.max() < 1 - 10 * COSINE_TOLERANCE


def test_a_bad_entry_fails_alone_with_a_reason(encoder: Encoder[Any]) -> None:
    good, bad = GOOD[encoder.modality], BAD[encoder.modality]
    encoded = encoder.encode([good[0], *bad, good[1]])
    assert sorted(encoded.errors) == list(range(1, len(bad) + 1))
    assert all(len(reason) > 10 for reason in encoded.errors.values())
    assert not encoded.vectors[1:-1].any()
    assert_same(encoded.vectors[[0, -1]], encoder.encode(good[:2]).vectors)


def test_a_batch_of_bad_entries_only(encoder: Encoder[Any]) -> None:
    bad = BAD[encoder.modality]
    encoded = encoder.encode(bad)
    assert encoded.vectors.shape == (len(bad), encoder.dim)
    assert len(encoded.errors) == len(bad)


def test_an_empty_batch(encoder: Encoder[Any]) -> None:
    encoded = encoder.encode([])
    assert encoded.vectors.shape == (0, encoder.dim)
    assert encoded.vectors.dtype == np.float32
    assert encoded.errors == {}


def test_the_same_twice(encoder: Encoder[Any]) -> None:
    batch = GOOD[encoder.modality]
    np.testing.assert_array_equal(encoder.encode(batch).vectors, encoder.encode(batch).vectors)


def test_the_same_after_reloading(encoder: Encoder[Any]) -> None:
    again = load(encoder.name, "cpu")
    batch = GOOD[encoder.modality]
    assert again.version == encoder.version
    np.testing.assert_array_equal(encoder.encode(batch).vectors, again.encode(batch).vectors)


def test_versions_differ_between_encoders() -> None:
    versions = [load(name, "cpu").version for name in ENCODERS]
    assert len(set(versions)) == len(versions)


def test_independent_of_the_device(encoder: Encoder[Any]) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here, so there is nothing to compare the CPU with")
    there = load(encoder.name, "cuda")
    batch = GOOD[encoder.modality]
    assert there.version == encoder.version
    assert_same(encoder.encode(batch).vectors, there.encode(batch).vectors)
