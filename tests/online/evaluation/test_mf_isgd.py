import numpy as np

from online.evaluation.mf_isgd import MfIsgd, step
from tests.online.evaluation.events import took, view


def test_a_step_is_the_papers() -> None:
    user, item = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    step(user, item, rate=0.1, regularisation=0.2)
    np.testing.assert_allclose(user, [1.0 + 0.1 * (0.5 * 0.5 - 0.2 * 1.0), 0.1 * 0.5 * 0.5])
    np.testing.assert_allclose(item, [0.5 + 0.1 * (0.5 * 1.0 - 0.2 * 0.5), 0.5 + 0.1 * (0.0 - 0.2 * 0.5)])


def test_users_of_two_kinds_get_what_their_kind_takes() -> None:
    """Even users take items 0 to 4, odd ones 5 to 9."""
    method, rng = MfIsgd(10, rate=0.1), np.random.default_rng(0)
    for _ in range(2_000):
        user = int(rng.integers(20))
        method.learn(took(view(user, [], 10), [int(rng.integers(5)) + 5 * (user % 2)]))
    for user in range(4):
        best = method.recommend(view(user, [], 10), 5).items
        assert (best // 5 == user % 2).all()
