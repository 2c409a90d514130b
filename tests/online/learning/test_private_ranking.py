"""Learners are fed with lists in which one column decides what is had; each user has a list, unless it is said."""

from itertools import islice

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from online.learning.privacy import STEPS_PER_USER, Budget
from online.learning.private_ranking import (
    NORM,
    RATE,
    USERS,
    WEIGHTS,
    PrivateRankingLearner,
    clipped,
    first_layer,
)
from online.learning.ranking import RankingLearner
from online.ranking.evidence import BLEND, CONTENT, RECENT
from online.ranking.list_log import features_of_log, had_of_log
from tests.online.learning.test_ranking import COUNT, assert_same, lists
from tests.online.ranking.made_logs import random_log

VAST = Budget(100.0)
"""So much that its noise hides little."""


def teach(learner: PrivateRankingLearner, decides: int, users: range, seed: int = 0) -> None:
    for user, (log, item_ids) in zip(users, lists(decides, seed), strict=False):
        learner.learn(log, item_ids, 0, f"u{user}")


@given(st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=8), st.floats(0.01, 100))
def test_no_vector_is_longer_than_the_norm_or_turned(values: list[float], norm: float) -> None:
    vector = np.array(values)
    short = clipped(vector, norm)
    assert np.linalg.norm(short) <= norm * (1 + 1e-9)
    if np.linalg.norm(vector) <= norm:
        np.testing.assert_array_equal(short, vector)
    np.testing.assert_allclose(
        short * np.linalg.norm(vector), vector * np.linalg.norm(short), rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("odd", [np.nan, np.inf])
def test_what_has_no_length_counts_for_nothing(odd: float) -> None:
    assert clipped(np.array([1.0, odd]), 1.0).tolist() == [0, 0]


def test_whatever_one_user_does_moves_the_weights_by_no_more_than_is_promised() -> None:
    moved = []
    for had in ("i0", "i9"):
        learner = PrivateRankingLearner(VAST, seed=0)  # the same noise for both
        before = learner.save()["private/weights"]
        rng = np.random.default_rng(1)
        for _ in range(50):
            learner.learn(random_log(rng, COUNT), [had], 0, "u0")
        teach(learner, CONTENT, range(1, USERS))
        assert learner.step_count == 1
        moved.append(learner.save()["private/weights"] - before)
    # Taken out, a user moves them by RATE / USERS at most; one who did something else instead, twice that.
    assert 0.5 * RATE / USERS < np.linalg.norm(moved[0] - moved[1]) <= 2 * RATE / USERS


def test_the_noise_of_a_step_is_as_large_as_its_budget_asks_for() -> None:
    budget = Budget(2.0)
    moved = []
    for seed in range(40):
        learner = PrivateRankingLearner(budget, seed)
        teach(learner, CONTENT, range(USERS))
        moved.append(learner.save()["private/weights"])
    deviation = np.std(moved, axis=0, ddof=1).mean() * USERS / learner._rate
    assert deviation == pytest.approx(budget.noise(), rel=0.05)


def test_noise_is_another_in_every_process_unless_there_is_a_seed() -> None:
    weights = []
    for seed in (None, None, 5, 5):
        learner = PrivateRankingLearner(VAST, seed)
        teach(learner, CONTENT, range(USERS))
        weights.append(learner.save()["private/weights"].tolist())
    assert weights[0] != weights[1]
    assert weights[2] == weights[3]


def test_before_any_step_it_ranks_as_the_blend() -> None:
    learner = PrivateRankingLearner(VAST)
    assert learner.network() is None
    features = features_of_log(random_log(np.random.default_rng(0), 50))
    for network in (learner.averaged(), first_layer()):
        assert network.scores(features).argsort().tolist() == features[:, BLEND].argsort().tolist()


def test_it_learns_to_rank_by_what_decides() -> None:
    learner = PrivateRankingLearner(VAST, seed=0)
    teach(learner, RECENT, range(40 * USERS))
    assert learner.step_count == 40
    network = learner.network()
    assert network is not None
    by_network = by_blend = 0
    for log, (had,) in islice(lists(RECENT, seed=2), 100):
        features = features_of_log(log)
        by_network += had == f"i{network.scores(features).argmax()}"
        by_blend += had == f"i{features[:, BLEND].argmax()}"
    assert by_network >= 40
    assert by_blend <= 20
    ranks = learner.mean_reciprocal_ranks()
    assert ranks["network"] > ranks["blend"]


def test_a_gradient_is_that_of_the_loss() -> None:
    learner = PrivateRankingLearner(VAST)
    log = random_log(np.random.default_rng(0), COUNT)
    had, features = had_of_log(log, ["i1", "i4"]), features_of_log(log)
    weights = torch.from_numpy(learner._weights).requires_grad_()
    scores = torch.from_numpy(learner._inputs(features)).double() @ weights
    loss = -torch.log_softmax(scores, dim=0)[torch.from_numpy(had)].mean() * 2**0.5
    loss.backward()  # type: ignore[no-untyped-call]  # torch
    assert weights.grad is not None
    np.testing.assert_allclose(learner._gradient(features, had), weights.grad.numpy(), rtol=1e-4, atol=1e-5)
    assert learner._gradient(features, had).shape == (WEIGHTS,)


def test_at_the_budget_training_stops_and_the_weights_stay() -> None:
    learner = PrivateRankingLearner(Budget(8.0))
    for number in range(STEPS_PER_USER):
        assert learner.step_count == number
        teach(learner, CONTENT, range(USERS), seed=number)
    assert learner.accounts.epsilon() == pytest.approx(8.0)
    assert learner.accounts.epsilon() <= 8.0
    before = learner.save()
    teach(learner, CONTENT, range(USERS), seed=STEPS_PER_USER)
    after = learner.save()
    for name in ("private/weights", "private/served", "privacy/spent", "step_count"):
        np.testing.assert_array_equal(after[name], before[name], err_msg=name)
    assert after["judged"][0] > before["judged"][0]  # operators still see what they are worth
    teach(learner, CONTENT, range(USERS, 2 * USERS))  # others are learned from
    assert learner.step_count == STEPS_PER_USER + 1


def test_lists_of_which_nothing_was_had_teach_nothing() -> None:
    learner = PrivateRankingLearner(VAST)
    before = learner.save()
    for user in range(2 * USERS):
        learner.learn(random_log(np.random.default_rng(user), COUNT), ["elsewhere"], 0, f"u{user}")
    assert_same(learner.save(), before)


def test_who_is_forgotten_is_in_no_step_and_has_no_account() -> None:
    learner = PrivateRankingLearner(VAST)
    teach(learner, CONTENT, range(USERS))
    teach(learner, CONTENT, range(USERS - 1), seed=1)
    teach(learner, CONTENT, range(1), seed=2)
    assert learner.forget(["u0", "u63", "nobody"]) == {"u0": 2, "u63": 0, "nobody": 0}
    assert [learner.holds(user_id) for user_id in ("u0", "u1", "u63", "nobody")] == [
        False,
        True,
        False,
        False,
    ]
    # The place that became free is another's.
    teach(learner, CONTENT, range(USERS, USERS + 1))
    assert learner.step_count == 1
    teach(learner, CONTENT, range(USERS + 1, USERS + 2))
    assert learner.step_count == 2


def test_restored_it_serves_the_same_and_nobody_has_more_to_spend() -> None:
    learner = PrivateRankingLearner(Budget(8.0))
    for number in range(STEPS_PER_USER):
        teach(learner, CONTENT, range(USERS), seed=number)
    teach(learner, CONTENT, range(USERS, USERS + 5))
    restored = PrivateRankingLearner(Budget(8.0))
    assert restored.load(learner.save())
    assert_same(restored.save(), learner.save())
    teach(restored, CONTENT, range(USERS))
    assert restored.step_count == STEPS_PER_USER
    # Lists that waited for the next step are in no snapshot, and nothing of their users' is spent.
    assert not restored.holds(f"u{USERS}")


def test_weights_that_were_learned_without_privacy_are_not_taken_up_nor_the_other_way_round() -> None:
    private, other = PrivateRankingLearner(VAST), RankingLearner()
    before = private.save()
    assert not private.load(other.save())
    assert not private.load({"private/weights": np.zeros(WEIGHTS + 1)})
    assert_same(private.save(), before)
    assert not other.load(before)


def test_a_single_list_is_seldom_clipped() -> None:
    learner = PrivateRankingLearner(VAST)
    lengths = [
        np.linalg.norm(learner._gradient(features_of_log(log), had_of_log(log, item_ids)))
        for log, item_ids in islice(lists(CONTENT), 50)
    ]
    assert 0 < np.median(lengths) < NORM
