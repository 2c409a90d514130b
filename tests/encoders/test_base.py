import numpy as np

from encoders.base import BadEntryError, fingerprint, place_rows, prepare_each, unit_rows


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


def test_prepare_each_keeps_places() -> None:
    def only_even(entry: object) -> int:
        if not isinstance(entry, int) or entry % 2:
            message = f"odd: {entry}"
            raise BadEntryError(message)
        return entry * 10

    assert prepare_each([2, 3, 4], only_even) == ({0: 20, 2: 40}, {1: "odd: 3"})


def test_fingerprint_tells_parts_apart() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert fingerprint("ab") == fingerprint(b"ab") == "5ba24a7d8207"
