import numpy as np

from online.evaluation.river_mf import RiverMf
from tests.online.evaluation.events import took, view


def test_what_is_rated_highest_comes_first_however_few_rated_it() -> None:
    method = RiverMf(4)
    for user in range(100):
        method.learn(took(view(user, [], 4), [0, 1], [3.0, 2.0]))
        if user % 4 == 0:
            method.learn(took(view(user, [[0, 1]], 4), [2], [5.0]))
    assert method.recommend(view(1_000, [], 4), 4).items.tolist() == [2, 0, 1]


def test_users_get_what_they_rate_highly() -> None:
    """Even users love items 0 and 1 and hate 2 and 3, odd ones the other way round."""
    method = RiverMf(4)
    for _ in range(300):
        for user in range(6):
            ratings = [5.0, 5.0, 1.0, 1.0] if user % 2 == 0 else [1.0, 1.0, 5.0, 5.0]
            method.learn(took(view(user, [], 4), [0, 1, 2, 3], ratings))
    assert sorted(method.recommend(view(0, [], 4), 2).items.tolist()) == [0, 1]
    assert sorted(method.recommend(view(1, [], 4), 2).items.tolist()) == [2, 3]


def test_values_of_any_size_leave_the_predictions_finite() -> None:
    method = RiverMf(4)
    for turn in range(200):
        method.learn(took(view(turn % 3, [], 4), [0, 1, 2], [20_000.0, 1.0, -20_000.0]))
    for user in range(4):
        ranked = method.recommend(view(user, [], 4), 4)
        assert len(ranked.items) == 3
        assert np.isfinite(ranked.scores).all()
