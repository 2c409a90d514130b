import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from online.modality_index import NOWHERE, ModalityIndex, nearest
from online.statistics.base import Floats

ALL = np.ones(64, np.bool_)


def unit(*numbers: float) -> Floats:
    vector = np.array(numbers, np.float32)
    found: Floats = vector / np.linalg.norm(vector)
    return found


def test_a_vector_is_kept_in_a_byte_a_number_nearly_as_it_was() -> None:
    rng = np.random.default_rng(1)
    vectors = rng.standard_normal((64, 384)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    index = ModalityIndex(64)
    for row, vector in enumerate(vectors):
        index.put(row, "text", "s", 7 * vector)
    assert index._spaces["text", "s"].codes.nbytes == vectors.nbytes / 4
    np.testing.assert_allclose(index.cosines("text", "s", vectors[3], ALL), vectors @ vectors[3], atol=0.003)
    kept = index.vector(3, "text")
    assert kept is not None
    assert kept[0] == "s"
    assert kept[1] @ vectors[3] > 0.999


def test_vectors_of_another_modality_or_space_are_not_compared() -> None:
    index = ModalityIndex(64)
    index.put(0, "text", "old", unit(1, 0))
    index.put(1, "text", "new", unit(1, 0))
    index.put(2, "image", "new", unit(1, 0))
    assert index.cosines("text", "new", unit(1, 0), ALL).tolist() == [NOWHERE, 1.0]
    # The newest vector counts, in whichever space.
    index.put(0, "text", "new", unit(0, 1))
    assert index.cosines("text", "new", unit(1, 0), ALL).tolist() == [0.0, 1.0]
    assert not len(index.cosines("text", "old", unit(1, 0), ALL))


def test_the_space_of_an_encoder_that_was_replaced_ends_with_its_last_vector() -> None:
    index = ModalityIndex(64)
    for space in ("old", "new"):
        for row in range(2):
            index.put(row, "text", space, unit(1, 1))
            index.put(row, "image", "other", unit(1, 1))
    assert list(index._spaces) == [("image", "other"), ("text", "new")]
    index.put(0, "text", "new", unit(1, 0))
    index.drop(1)
    assert index.vector(0, "text") is not None
    index.drop(0)
    assert index._spaces == {}


def test_what_is_dropped_forgotten_or_zero_is_not_found() -> None:
    index = ModalityIndex(64)
    for row in range(4):
        index.put(row, "text", "s", unit(1, 1))
    index.drop(0)
    index.drop(1, "image")
    index.forget(np.array([2], np.int32))
    index.put(3, "text", "s", np.zeros(2, np.float32))
    assert nearest(index.cosines("text", "s", unit(1, 1), ALL), 10).tolist() == [1]
    index.forget(np.array([1], np.int32))
    assert index._spaces == {}


def test_a_query_of_another_length_finds_nothing_and_such_an_item_is_an_error() -> None:
    index = ModalityIndex(64)
    index.put(0, "text", "s", unit(1, 1))
    assert len(index.cosines("text", "s", unit(1, 1, 1), ALL)) == 0
    with pytest.raises(ValueError, match="a vector of s has to be 2 numbers, got 3"):
        index.put(1, "text", "s", unit(1, 1, 1))


@settings(max_examples=50)
@given(st.lists(st.integers(-4, 4), min_size=1, max_size=40), st.integers(1, 50), st.sets(st.integers(0, 39)))
def test_the_nearest_are_the_first_of_all_in_order(
    given_cosines: list[int], limit: int, left_out: set[int]
) -> None:
    cosines = np.array(given_cosines, np.float32) / np.float32(4)
    cosines[[row for row in left_out if row < len(cosines)]] = NOWHERE
    compared = [row for row in range(len(cosines)) if cosines[row] > NOWHERE]
    expected = sorted(compared, key=lambda row: (-cosines[row], row))[:limit]
    found = nearest(cosines, limit).tolist()
    assert [cosines[row] for row in found] == [cosines[row] for row in expected]
    assert len(set(found)) == len(expected)


def test_likeness_is_shared_among_the_modalities_that_both_have_in_one_space() -> None:
    index = ModalityIndex(64)
    for row, text, image in (
        (1, unit(1, 0), unit(1, 0)),
        (2, unit(1, 0.5), unit(0, 1)),
        (3, unit(-1, 0), unit(3, 4)),
    ):
        index.put(row, "text", "s", text)
        index.put(row, "image", "t", image)
    index.put(1, "audio", "old", unit(1, 1))
    index.put(3, "audio", "new", unit(1, 1))
    assert index.alike(1, 2) == pytest.approx({"text": 1.0}, abs=0.01)
    assert index.alike(1, 3) == pytest.approx({"image": 1.0}, abs=0.01)
    index.put(2, "image", "t", unit(1, 0))
    assert list(index.alike(1, 2)) == ["image", "text"]
    assert sum(index.alike(1, 2).values()) == pytest.approx(1)
    assert index.alike(1, 9) == {}


def test_a_row_has_a_vector_until_its_last_one_goes() -> None:
    index = ModalityIndex(64)
    index.put(1, "text", "s", unit(1, 0))
    index.put(1, "image", "t", unit(1, 0))
    assert [index.has(row) for row in (1, 2, -1)] == [True, False, False]
    index.drop(1, "text")
    assert index.has(1)
    index.drop(1)
    assert not index.has(1)
