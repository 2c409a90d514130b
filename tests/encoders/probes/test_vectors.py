from collections.abc import Iterator

import numpy as np

from encoders.base import unit_rows
from encoders.probes.vectors import BATCH, encode_all, is_projected, kept
from encoders.projection import DIMENSION_LIMIT
from encoders.text_hashing import HashingEncoder

WIDE = DIMENSION_LIMIT + 16


def test_as_in_one_go_and_errors_by_their_place() -> None:
    texts: list[object] = [f"text number {n}" for n in range(2 * BATCH + 3)]
    texts[1], texts[BATCH + 2] = "", 7
    done: list[int] = []
    encoded = encode_all(HashingEncoder(), iter(texts), advance=done.append)
    whole = HashingEncoder().encode(texts)
    np.testing.assert_array_equal(encoded.vectors, whole.vectors)
    assert encoded.errors == whole.errors
    assert sorted(encoded.errors) == [1, BATCH + 2]
    assert done == [BATCH, BATCH, 3]


def test_entries_are_asked_for_batch_by_batch() -> None:
    asked: list[int] = []

    def entries() -> Iterator[str]:
        for n in range(2 * BATCH):
            asked.append(n)
            yield "word"

    encode_all(HashingEncoder(), entries(), advance=lambda count: asked.append(-1))
    assert asked.index(-1) == BATCH


def test_nothing_at_all() -> None:
    assert encode_all(HashingEncoder(), []).vectors.shape == (0, HashingEncoder.dim)


def test_kept_vectors_are_small_and_nearly_the_same() -> None:
    vectors = unit_rows(
        np.random.Generator(np.random.PCG64(4)).standard_normal((20, WIDE)).astype(np.float32)
    )
    small = kept(vectors)
    assert small.shape == (20, DIMENSION_LIMIT)
    np.testing.assert_allclose(np.linalg.norm(small, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(small @ small.T, vectors @ vectors.T, atol=0.05)
    assert is_projected(WIDE)
    assert not is_projected(DIMENSION_LIMIT)


def test_half_precision_is_part_of_it() -> None:
    vectors = unit_rows(np.random.Generator(np.random.PCG64(5)).standard_normal((5, 8)).astype(np.float32))
    assert not np.array_equal(kept(vectors), vectors)
    np.testing.assert_allclose(kept(vectors), vectors, atol=1e-3)
