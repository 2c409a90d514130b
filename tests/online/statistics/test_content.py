"""Content: which cold items are found for a history, and what a snapshot keeps of them."""

import numpy as np
import pytest

from online.statistics.base import Floats, Observation
from online.statistics.content import COLD_BELOW, COLD_LIMIT, POOL_LIMIT, Content, nearest_cold

DIM = 32
NEAR = np.eye(DIM, dtype=np.float32)[0]


def directions(count: int, seed: int) -> Floats:
    made: Floats = np.random.default_rng(seed).standard_normal((count, DIM)).astype(np.float32)
    return made


def filled(vectors: Floats) -> Content:
    content = Content(len(vectors), DIM)
    for row, vector in enumerate(vectors):
        content.put(row, vector)
    return content


def cold(content: Content, share: float = 1.0) -> list[int]:
    """The cold rows that are nearest to NEAR, all of them being allowed."""
    allowed = np.ones(len(content.vectors.units), np.bool_)
    found: list[int] = nearest_cold(content.vectors, NEAR, share, allowed).tolist()
    return found


def had(content: Content, row: int, times: int) -> None:
    one = np.ones(1, np.float32)
    nothing = np.zeros(0, np.int32), np.zeros(0, np.int64)
    for _ in range(times):
        content.fold(
            Observation(np.array([row], np.int32), one, one > 0, one, one, *nothing, timestamp_s=1.0)
        )


def test_of_few_cold_items_all_are_found_and_none_that_is_warm() -> None:
    content = filled(directions(40, seed=1))
    had(content, 3, COLD_BELOW)
    had(content, 4, COLD_BELOW - 1)
    content.drop(5)
    assert sorted(cold(content)) == sorted(set(range(40)) - {3, 5})


def test_of_many_cold_items_the_nearest_are_found() -> None:
    vectors = directions(1_500, seed=2)
    vectors[700:720] += 12 * NEAR
    found = cold(filled(vectors))
    assert set(range(700, 720)) <= set(found)
    assert COLD_LIMIT / 2 < len(found) <= COLD_LIMIT
    cosines = vectors @ NEAR / np.linalg.norm(vectors, axis=1)
    assert cosines[found].mean() > cosines.mean() + 0.1
    fewer = cold(filled(vectors), 0.25)
    assert set(range(700, 720)) <= set(fewer) <= set(found)
    assert len(fewer) <= COLD_LIMIT / 4


def test_more_twins_than_there_is_room_for_are_as_many_as_fit() -> None:
    found = cold(filled(np.tile(NEAR, (400, 1))))
    assert len(found) == COLD_LIMIT


def test_many_vectors_at_once_are_as_one_after_the_other() -> None:
    vectors = directions(POOL_LIMIT + 300, seed=3)
    vectors[7] = 0
    one_by_one, at_once = filled(vectors), filled(directions(len(vectors), seed=4))
    at_once.put_all(np.arange(len(vectors), dtype=np.int32), vectors)
    for name in ("units", "present", "codes", "end"):
        expected = getattr(one_by_one.vectors, name)
        if name == "codes":
            expected[7] = at_once.vectors.codes[7]  # of no vector
        np.testing.assert_allclose(getattr(at_once.vectors, name), expected, rtol=1e-5, err_msg=name)
    assert not at_once.vectors.present[7]
    fresh = Content(len(vectors), DIM)
    fresh.put_all(np.arange(len(vectors), dtype=np.int32), vectors)
    np.testing.assert_array_equal(np.sort(fresh.vectors.pool), np.sort(one_by_one.vectors.pool))


def test_one_wrong_vector_among_many_changes_nothing() -> None:
    content = filled(directions(3, seed=1))
    before = content.vectors.units.copy()
    wrong = directions(3, seed=2)
    wrong[1, 0] = np.nan
    with pytest.raises(ValueError, match="has to be 32 finite numbers"):
        content.put_all(np.arange(3, dtype=np.int32), wrong)
    np.testing.assert_array_equal(content.vectors.units, before)


def test_without_a_cold_item_nothing_is_found() -> None:
    assert cold(Content(8, DIM)) == []


@pytest.mark.parametrize("length", [256, POOL_LIMIT])
def test_a_snapshot_with_a_pool_of_another_length_is_read(length: int) -> None:
    content = filled(directions(60, seed=3))
    saved = content.save()
    saved["pool"] = saved["pool"][:length]
    loaded = Content(60, DIM)
    loaded.put(7, NEAR)
    loaded.load(saved)
    assert cold(loaded) == cold(content)
