from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from encoders.base import BadEntryError, Encoder, fingerprint, place_rows, unit_rows


def test_unit_rows_leaves_zeros_where_there_is_no_direction() -> None:
    rows = unit_rows(
        np.array([[3, 4], [0, 0], [np.nan, 1], [np.inf, 0], [1e-30, 0], [3e38, 3e38]], np.float32)
    )
    half = 0.5**0.5
    expected = np.array([[0.6, 0.8], [0, 0], [0, 0], [0, 0], [1, 0], [half, half]])
    np.testing.assert_allclose(rows, expected, rtol=1e-6)
    assert rows.dtype == np.float32


def test_place_rows_names_every_failure() -> None:
    encoded = place_rows(4, [0, 3], np.array([[0, 2], [0, 0]], np.float32), {1: "first", 2: "second"})
    np.testing.assert_array_equal(encoded.vectors, [[0, 1], [0, 0], [0, 0], [0, 0]])
    assert encoded.errors == {
        1: "first",
        2: "second",
        3: "nothing in it that the encoder knows: its vector is zero",
    }


class Tens(Encoder[int]):
    """Even numbers, as vectors along the first axis."""

    name, version, modality, dim = "tens", "1", "text", 2

    def prepare(self, entry: object) -> int:
        if not isinstance(entry, int) or entry % 2:
            message = f"odd: {entry}"
            raise BadEntryError(message)
        return entry

    def embed(self, prepared: Sequence[int]) -> NDArray[np.float32]:
        return np.array([[number, 0] for number in prepared], np.float32)


def test_entries_that_cannot_be_prepared_fail_alone() -> None:
    encoded = Tens().encode([2, 3, -4])
    np.testing.assert_array_equal(encoded.vectors, [[1, 0], [0, 0], [-1, 0]])
    assert encoded.errors == {1: "odd: 3"}


def test_nothing_is_embedded_where_nothing_could_be_prepared() -> None:
    encoded = Tens().encode([1, 3])
    assert encoded.vectors.shape == (2, 2)
    assert list(encoded.errors) == [0, 1]


def test_fingerprint_tells_parts_apart() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("ab") == fingerprint(b"ab") == "5ba24a7d8207"
