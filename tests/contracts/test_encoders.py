"""The laws of `encoders.base.Encoder`, held against every encoder of the registry."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from encoders.base import Encoder
from encoders.modalities import Modality
from encoders.registry import ENCODERS, load
from tests.devices import DEVICE

COSINE_TOLERANCE = 1e-3


NAMES = [(modality, name) for modality, known in ENCODERS.items() for name in sorted(known)]


@pytest.fixture(scope="module", params=NAMES, ids="-".join)
def encoder(request: pytest.FixtureRequest) -> Encoder[Any]:
    modality, name = request.param
    return load(modality, name, DEVICE)


@pytest.fixture
def good(encoder: Encoder[Any]) -> Sequence[Any]:
    return samples(encoder.modality, "GOOD")


@pytest.fixture
def bad(encoder: Encoder[Any]) -> Sequence[Any]:
    return samples(encoder.modality, "BAD")


def samples(modality: Modality, kind: Literal["GOOD", "BAD"]) -> Sequence[Any]:
    found: Sequence[Any] = getattr(import_module(f"tests.contracts.samples.{modality}"), kind)
    return found


def cosines(left: NDArray[np.float32], right: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray((left * right).sum(axis=1), np.float32)


def assert_same(left: NDArray[np.float32], right: NDArray[np.float32]) -> None:
    assert left.shape == right.shape
    assert cosines(left, right).min() > 1 - COSINE_TOLERANCE


def test_says_what_it_is(encoder: Encoder[Any]) -> None:
    assert encoder.name in ENCODERS[encoder.modality]
    assert encoder.version
    assert encoder.dim > 0


def test_vectors_are_float32_of_unit_length(encoder: Encoder[Any], good: Sequence[Any]) -> None:
    encoded = encoder.encode(good)
    assert encoded.errors == {}
    assert encoded.vectors.dtype == np.float32
    assert encoded.vectors.shape == (len(good), encoder.dim)
    np.testing.assert_allclose(np.linalg.norm(encoded.vectors, axis=1), 1.0, atol=1e-5)


def test_a_batch_equals_one_by_one(encoder: Encoder[Any], good: Sequence[Any]) -> None:
    single = np.concatenate([encoder.encode([entry]).vectors for entry in good])
    assert_same(encoder.encode(good).vectors, single)


def test_order_is_kept(encoder: Encoder[Any], good: Sequence[Any]) -> None:
    forward = encoder.encode(good).vectors
    backward = encoder.encode(good[::-1]).vectors[::-1]
    assert_same(forward, backward)
    # The entries differ, so that a mixed-up order could not pass.
    similarity = forward @ forward.T - np.eye(len(good))
    assert similarity.max() < 1 - 10 * COSINE_TOLERANCE


def test_a_bad_entry_fails_alone_with_a_reason(
    encoder: Encoder[Any], good: Sequence[Any], bad: Sequence[Any]
) -> None:
    encoded = encoder.encode([good[0], *bad, good[1]])
    assert sorted(encoded.errors) == list(range(1, len(bad) + 1))
    assert all(len(reason) > 10 for reason in encoded.errors.values())
    assert not encoded.vectors[1:-1].any()
    assert_same(encoded.vectors[[0, -1]], encoder.encode(good[:2]).vectors)


def test_a_batch_of_bad_entries_only(encoder: Encoder[Any], bad: Sequence[Any]) -> None:
    encoded = encoder.encode(bad)
    assert encoded.vectors.shape == (len(bad), encoder.dim)
    assert len(encoded.errors) == len(bad)


def test_an_empty_batch(encoder: Encoder[Any]) -> None:
    encoded = encoder.encode([])
    assert encoded.vectors.shape == (0, encoder.dim)
    assert encoded.vectors.dtype == np.float32
    assert encoded.errors == {}


def test_the_same_twice(encoder: Encoder[Any], good: Sequence[Any]) -> None:
    np.testing.assert_array_equal(encoder.encode(good).vectors, encoder.encode(good).vectors)


def test_the_same_after_reloading(encoder: Encoder[Any], good: Sequence[Any]) -> None:
    again = load(encoder.modality, encoder.name, DEVICE)
    assert again.version == encoder.version
    np.testing.assert_array_equal(encoder.encode(good).vectors, again.encode(good).vectors)


def test_versions_differ_between_encoders() -> None:
    versions = [load(modality, name, "cpu").version for modality, name in NAMES]
    assert len(set(versions)) == len(NAMES)


def test_independent_of_the_device(encoder: Encoder[Any], good: Sequence[Any]) -> None:
    torch = pytest.importorskip("torch")
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device here, so there is nothing to compare the CPU with")
    here, there = (load(encoder.modality, encoder.name, device) for device in ("cpu", "cuda"))
    assert there.version == here.version == encoder.version
    assert_same(here.encode(good).vectors, there.encode(good).vectors)
