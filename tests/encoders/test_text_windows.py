import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from encoders.text_windows import batches_by_length, cut_windows, pad_windows


@given(st.lists(st.lists(st.integers(5, 9), max_size=20)), st.integers(1, 6), st.integers(1, 3))
def test_windows_hold_the_start_of_every_text_in_order(texts: list[list[int]], room: int, limit: int) -> None:
    windows, owners = cut_windows(texts, room=room, limit=limit, first=[1], last=[2, 3])
    assert all(window[0] == 1 and window[-2:] == [2, 3] for window in windows)
    assert all(1 <= len(window) - 3 <= room for window in windows)
    for place, text in enumerate(texts):
        kept = [token for i in np.flatnonzero(owners == place) for token in windows[i][1:-2]]
        assert kept == text[: room * limit]


def test_padding_fills_up_to_the_longest_or_the_length_asked_for() -> None:
    ids, mask = pad_windows([[5, 6, 7], [8]], padding=9)
    assert ids.tolist() == [[5, 6, 7], [8, 9, 9]]
    assert mask.tolist() == [[1, 1, 1], [1, 0, 0]]
    ids, mask = pad_windows([[5]], padding=9, length=3)
    assert ids.tolist() == [[5, 9, 9]]
    assert mask.tolist() == [[1, 0, 0]]


@given(st.lists(st.integers(1, 256)), st.integers(1, 600))
def test_batches_hold_every_place_once_and_fit(lengths: list[int], total: int) -> None:
    batches = list(batches_by_length(lengths, total))
    assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))
    for batch in batches:
        assert len(batch) == 1 or max(lengths[place] for place in batch) * len(batch) <= total
