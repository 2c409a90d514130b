import math

import pytest

from online.evaluation.item_knn import ItemKnn
from tests.online.evaluation.events import histories, view


def test_scores_are_damped_cosines_of_who_had_what_by_recency() -> None:
    method = ItemKnn(5, decay=0.5)
    for taken in histories([[[0], [1]], [[0, 1]], [[0], [2], [0]], [[3]]], 5):
        method.learn(taken)
    ranked = method.recommend(view(9, [[3], [0]], 5, hidden=(0, 3)), 5)
    assert ranked.items.tolist() == [1, 2]
    assert ranked.scores.tolist() == pytest.approx(
        [2 / math.sqrt((3 + 5) * (2 + 5)), 1 / math.sqrt((3 + 5) * (1 + 5))]
    )

    older = method.recommend(view(9, [[0], [3]], 5, hidden=(0, 3)), 5)
    assert older.scores.tolist() == pytest.approx([score / 2 for score in ranked.scores])


def test_an_item_is_not_similar_to_itself() -> None:
    method = ItemKnn(3)
    for taken in histories([[[0], [1], [0]], [[0, 1]]], 3):
        method.learn(taken)
    assert method.recommend(view(9, [[0]], 3), 1).items.tolist() == [1]
