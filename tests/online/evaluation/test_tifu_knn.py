import pytest

from online.evaluation.tifu_knn import TifuKnn
from tests.online.evaluation.events import histories, view


def test_own_frequencies_are_by_set_and_group() -> None:
    method = TifuKnn(4, None, group_size=2, within_decay=0.5, group_decay=0.1, own_share=1.0)
    ranked = method.recommend(view(0, [[0], [1], [0, 2]], 4), 4)
    total = 0.5 * 0.1 + 1.0 * 0.1 + 0.5
    assert dict(zip(ranked.items.tolist(), ranked.scores.tolist(), strict=True)) == pytest.approx(
        {0: (0.05 + 0.5) / total, 2: 0.5 / total, 1: 0.1 / total}
    )


def test_the_nearest_user_and_not_the_own_vector_fills_in() -> None:
    method = TifuKnn(6, None, neighbour_count=1, own_share=0.5)
    for taken in histories([[[0, 1, 2]], [[3, 4]]], 6):
        method.learn(taken)
    ranked = method.recommend(view(7, [[0, 1]], 6), 3)
    assert sorted(ranked.items[:2].tolist()) == [0, 1]
    assert ranked.items[2] == 2
    assert ranked.scores.tolist() == pytest.approx([1.0, 1.0, 0.5])


def test_a_user_is_no_neighbour_of_their_own() -> None:
    method = TifuKnn(4, None, neighbour_count=1, own_share=0.5)
    for taken in histories([[[0]], [[1]]], 4):
        method.learn(taken)
    assert method.recommend(view(0, [[0]], 4), 2).scores.tolist() == [0.5, 0.5]
