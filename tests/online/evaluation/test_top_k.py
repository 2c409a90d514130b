import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from online.evaluation.methods import Ranked
from online.evaluation.top_k import filled, top_k, top_k_known


@given(st.lists(st.tuples(st.integers(0, 6), st.booleans()), max_size=40), st.integers(1, 12))
def test_the_best_k_without_hidden_ones_and_without_a_tie_that_does_not_fit(
    entries: list[tuple[int, bool]], k: int
) -> None:
    scores = np.array([score for score, _ in entries], dtype=np.float64)
    hidden = np.array([is_hidden for _, is_hidden in entries], dtype=np.bool_)
    best = top_k(scores, hidden, k)

    allowed = sorted(
        (-score, item) for item, (score, is_hidden) in enumerate(entries) if score > 0 and not is_hidden
    )
    fits = [(s, i) for s, i in allowed[:k] if len(allowed) <= k or s != allowed[k][0]]
    assert set(best.items.tolist()) == {item for _, item in fits}
    assert best.scores.tolist() == [-score for score, _ in fits]


def test_scores_of_any_sign_rank_what_is_known() -> None:
    scores, no = np.array([-3.0, 5.0, -1.0, 0.0]), np.zeros(4, dtype=np.bool_)
    known = np.array([True, False, True, True])
    assert top_k_known(scores, known, no, 4).items.tolist() == [3, 2, 0]
    assert top_k_known(scores, known, np.array([False, False, False, True]), 1).items.tolist() == [2]


def test_fill_comes_after_and_repeats_nothing() -> None:
    first = Ranked(np.array([4], dtype=np.int32), np.array([0.5]))
    fill = Ranked(np.array([7, 4, 2], dtype=np.int32), np.array([30.0, 20.0, 10.0]))
    best = filled(first, lambda _k: fill, 3)
    assert best.items.tolist() == [4, 7, 2]
    assert (np.diff(best.scores) < 0).all()


def test_a_full_list_asks_for_no_fill() -> None:
    first = Ranked(np.array([4], dtype=np.int32), np.array([0.5]))

    def never(_k: int) -> Ranked:
        raise AssertionError

    assert filled(first, never, 1) is first
