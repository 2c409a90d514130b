import numpy as np

from online.evaluation.methods import Taken, UserView
from online.evaluation.popularity import MAX_DOUBLINGS, Popularity


def view(now_ms: int, items: int = 4) -> UserView:
    nothing = np.empty(0, dtype=np.int32)
    return UserView(0, now_ms, nothing, nothing, 0, np.zeros(items, dtype=np.bool_))


def took(items: list[int], now_ms: int, *, is_new: bool = True) -> Taken:
    codes = np.array(items, dtype=np.int32)
    return Taken(view(now_ms), codes, np.full(len(items), is_new), np.ones(len(items)), 0, len(items))


def test_all_time_counts_sets() -> None:
    counts = Popularity(4)
    for items in ([1, 2], [1], [3, 1]):
        counts.learn(took(items, 0))
    assert counts.recommend(view(0), 1).items.tolist() == [1]
    assert counts.weights.tolist() == [0, 3, 1, 1]


def test_a_half_life_makes_three_old_takings_less_than_one_new() -> None:
    counts = Popularity(4, half_life_ms=1_000)
    for _ in range(3):
        counts.learn(took([1], 0))
    counts.learn(took([2], 2_000))
    best = counts.recommend(view(2_000), 4)
    assert best.items.tolist() == [2, 1]
    assert best.scores[0] / best.scores[1] == 4 / 3


def test_first_time_counts_no_repeats() -> None:
    counts = Popularity(4, first_time_only=True)
    counts.learn(took([1], 0))
    counts.learn(took([2], 0, is_new=False))
    assert counts.recommend(view(0), 4).items.tolist() == [1]


def test_a_stream_of_many_half_lives_overflows_nothing_and_forgets_no_item() -> None:
    counts = Popularity(4, half_life_ms=1)
    for step in range(10):
        counts.learn(took([step % 4], int(step * MAX_DOUBLINGS * 0.7)))
    assert np.isfinite(counts.weights).all()
    assert (counts.weights > 0).all()
    assert counts.recommend(view(0), 2).items[0] == 1
