import numpy as np
import pytest

from online.evaluation.rating_knn import HISTORY, RatingKnn
from online.evaluation.ratings import PREDICTORS, rating_errors
from online.evaluation.stream import Stream, stream_of
from online.evaluation.timeline import timeline


def rated(rows: list[tuple[int, int, float]]) -> Stream:
    """Users, items and ratings, a minute apart."""
    return stream_of(
        [f"u{user:03d}" for user, _, _ in rows],
        [f"i{item:03d}" for _, item, _ in rows],
        [n * 60_000 for n in range(len(rows))],
        [value for _, _, value in rows],
        "rate",
    )


def errors(stream: Stream, ties: str = "set") -> dict[str, dict[str, float]]:
    line = timeline(stream, "set" if ties == "set" else "shuffle", "hide", 0.2, 0)
    return rating_errors(line, len(stream.user_ids), len(stream.item_ids))


def test_the_mean_is_off_by_what_ratings_spread() -> None:
    values = np.random.default_rng(0).choice([1.0, 3.0], 2_000)
    found = errors(rated([(n % 20, n // 20, value) for n, value in enumerate(values.tolist())]))["mean"]
    assert found["ratings"] == pytest.approx(1_600, abs=1)
    assert found["mae"] == pytest.approx(1.0, abs=0.02)
    assert found["rmse"] == pytest.approx(1.0, abs=0.02)


def test_strict_users_and_good_items_are_known_after_a_while() -> None:
    rng = np.random.default_rng(1)
    rows = [(user, item, 3.0 + user % 3 - item % 2) for user in range(60) for item in range(40)]
    found = errors(rated([rows[place] for place in rng.permutation(len(rows))]))
    for name in ("river_mf", "rating_knn"):
        assert found[name]["rmse"] < 0.4 * found["mean"]["rmse"], name


def test_items_that_are_rated_alike_say_more_than_biases_do() -> None:
    """Users love one half of the items and hate the other, some this one, some that one: biases know nothing."""
    rng = np.random.default_rng(2)
    rows = [(user, item, 5.0 if user % 2 == item % 2 else 1.0) for user in range(100) for item in range(60)]
    found = errors(rated([rows[place] for place in rng.permutation(len(rows))]))
    assert found["mean"]["mae"] == pytest.approx(2.0, abs=0.01)
    assert found["rating_knn"]["mae"] < 0.8


def test_a_set_is_predicted_before_any_of_it_is_learned() -> None:
    same_time = stream_of(
        ["u"] * 8, [f"i{n}" for n in range(8)], [0] * 4 + [10**6] * 4, [1.0] * 4 + [5.0] * 4, "rate"
    )
    found = errors(same_time)
    assert found["mean"] == {"mae": 4.0, "rmse": 4.0, "ratings": 4.0}


@pytest.mark.parametrize("name", PREDICTORS)
def test_an_unknown_user_and_item_get_the_mean_and_nobody_gets_nonsense(name: str) -> None:
    predictor = PREDICTORS[name](3, 5)
    assert np.isfinite(predictor.predict(0, 0))
    for _ in range(500):
        predictor.learn(0, 0, 2.0)
        predictor.learn(1, 0, 4.0)
    assert predictor.predict(2, 4) == pytest.approx(3.0, abs=0.2)
    assert np.isfinite([predictor.predict(user, item) for user in range(3) for item in range(5)]).all()


def test_predictions_stay_within_the_ratings_seen_and_histories_are_bounded() -> None:
    predictor = RatingKnn(1, 2 * HISTORY)
    for item in range(2 * HISTORY):
        predictor.learn(0, item, 5.0 if item % 7 else 1.0)
    assert all(1.0 <= predictor.predict(0, item) <= 5.0 for item in range(2 * HISTORY))
    assert predictor._items.shape == (1, HISTORY)
