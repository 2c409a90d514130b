"""Learners are fed with lists in which one column decides what is had, and the others are noise."""

import math
from collections.abc import Iterator
from itertools import islice

import numpy as np
import pytest

from online.events import ListLog
from online.learning.drift_response import HURRIED_RATE
from online.learning.losses import listwise_loss, reciprocal_ranks
from online.learning.ranking import (
    RAMP_STEPS,
    SERVED_STEPS,
    STEP_LISTS,
    RankingConfig,
    RankingLearner,
)
from online.ranking.evidence import BLEND, CONTENT, RATING, RECENT
from online.ranking.features import FEATURES, LARGEST
from online.ranking.list_log import features_of_log
from tests.online.ranking.made_logs import log_with, random_log, with_head

Saved = dict[str, np.ndarray]
COUNT = 10


def lists(decides: int, seed: int = 0) -> Iterator[tuple[ListLog, list[str]]]:
    """Lists of which the candidate with most in one column is had."""
    rng = np.random.default_rng(seed)
    while True:
        columns = {c: rng.random(COUNT, dtype=np.float32) for c in (BLEND, RECENT, CONTENT)}
        yield log_with(columns, COUNT), [f"i{columns[decides].argmax()}"]


def teach(learner: RankingLearner, decides: int, steps: int, seed: int = 0) -> None:
    for log, item_ids in islice(lists(decides, seed), steps * STEP_LISTS):
        learner.learn(log, item_ids, 0)


def assert_same(first: Saved, second: Saved) -> None:
    assert first.keys() == second.keys()
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name], err_msg=name)


@pytest.fixture(scope="module")
def nearly() -> Saved:
    """What is saved of a learner one step before its rate is grown."""
    learner = RankingLearner()
    teach(learner, CONTENT, RAMP_STEPS - 1)
    assert learner.step_count == RAMP_STEPS - 1
    return learner.save()


@pytest.fixture
def learner(nearly: Saved) -> RankingLearner:
    made = RankingLearner()
    assert made.load(nearly)
    return made


def test_it_is_served_after_some_steps_once_it_ranks_better() -> None:
    learner = RankingLearner()
    teach(learner, CONTENT, SERVED_STEPS - 1)
    assert learner.network() is None
    teach(learner, CONTENT, SERVED_STEPS)
    assert learner.network() is not None


def test_it_ranks_by_what_decides(learner: RankingLearner) -> None:
    network = learner.network()
    assert network is not None
    by_network = by_blend = 0
    for log, (had,) in islice(lists(CONTENT, seed=2), 100):
        features = features_of_log(log)
        by_network += had == f"i{network.scores(features).argmax()}"
        by_blend += had == f"i{features[:, BLEND].argmax()}"
    assert by_network >= 70
    assert by_blend <= 30


def test_a_blend_that_is_never_wrong_is_not_replaced(learner: RankingLearner) -> None:
    saved = learner.save()
    # From the first list on, the blend put first what was had, and the network nothing.
    assert learner.load(saved | {"judged": np.array([2_000.0, 0.0, 2_000.0])})
    teach(learner, BLEND, 2, seed=1)
    assert learner.step_count > RAMP_STEPS
    assert learner.network() is None
    assert learner.load(learner.save() | {"judged": np.array([2_000.0, 2_000.0, 0.0])})
    assert learner.network() is not None


def test_new_lists_are_judged_before_they_are_learned() -> None:
    ranks = []
    for seed in range(8):
        learner = RankingLearner(RankingConfig(seed=seed))
        teach(learner, BLEND, 1)
        lists_judged, by_network, by_blend = learner.save()["judged"]
        assert lists_judged == by_blend == STEP_LISTS
        assert learner.mean_reciprocal_ranks() == {"network": by_network / STEP_LISTS, "blend": 1.0}
        ranks.append(by_network / STEP_LISTS)
    # Of networks that know nothing a rank of ten is about even: (1 + 1/2 + ... + 1/10) / 10 = 0.29.
    assert np.mean(ranks) < 0.6


def test_what_scores_are_worth_as_chances_is_learned_also_from_lists_without_what_was_had(
    learner: RankingLearner,
) -> None:
    teach(learner, CONTENT, 1, seed=1)
    chances = [learner.averaged().platt.chances(np.array([0.3], np.float32))[0]]
    for log, _ in islice(lists(CONTENT, seed=3), 200):
        learner.learn(with_head(log, np.array([0.3, 0.2], np.float32)), ["elsewhere"], 0)
    chances.append(learner.averaged().platt.chances(np.array([0.3], np.float32))[0])
    assert chances[1] < chances[0] / 2
    again = RankingLearner()
    assert again.load(learner.save())
    assert again.averaged().platt == learner.averaged().platt
    assert again.load({n: part for n, part in learner.save().items() if not n.startswith("platt/")})


def test_lists_of_which_nothing_was_had_teach_nothing() -> None:
    learner = RankingLearner()
    before = learner.save()
    rng = np.random.default_rng(0)
    for _ in range(2 * STEP_LISTS):
        learner.learn(random_log(rng, COUNT), ["elsewhere"], 0)
        learner.learn(random_log(rng, COUNT), [], 0)
    assert_same(learner.save(), before)


def test_a_step_is_made_when_enough_lists_are_there() -> None:
    learner = RankingLearner()
    for number, (log, item_ids) in enumerate(islice(lists(CONTENT), STEP_LISTS)):
        assert (learner.step_count, learner.loss) == (0, None), number
        assert learner.mean_reciprocal_ranks() == {}
        learner.learn(log, item_ids, 0)
    assert learner.step_count == 1
    # A network that starts at zero gives each of the candidates the same share.
    assert learner.loss == pytest.approx(np.log(COUNT), rel=0.05)


def test_restored_it_goes_on_alike_but_for_the_lists_it_has_kept(learner: RankingLearner) -> None:
    # Kept lists are gathered anew, so here every list is the same: whichever are drawn again does not matter.
    log, item_ids = next(lists(CONTENT))

    def learn(one: RankingLearner) -> None:
        for _ in range(STEP_LISTS * 2):
            one.learn(log, item_ids, 0)

    learn(learner)
    restored = RankingLearner()
    assert restored.load(learner.save())
    for one in (learner, restored):
        learn(one)
    assert restored.step_count == RAMP_STEPS + 3
    assert_same(restored.save(), learner.save())


def test_the_same_lists_and_seed_give_the_same_weights(nearly: Saved) -> None:
    again = RankingLearner()
    teach(again, CONTENT, 3)
    other = RankingLearner()
    teach(other, CONTENT, 3)
    assert_same(again.save(), other.save())
    assert (RankingLearner(RankingConfig(seed=1)).save()["net/out.weight"] != nearly["net/out.weight"]).any()


@pytest.mark.parametrize("answers_drift", [True, False])
def test_when_what_decides_changes_it_is_noticed_and_learned_faster(
    nearly: Saved, *, answers_drift: bool
) -> None:
    learner = RankingLearner(RankingConfig(answers_drift=answers_drift))
    assert learner.load(nearly)
    teach(learner, CONTENT, 80)
    assert learner.drift.alarm_count == 0
    teach(learner, RECENT, 20, seed=1)
    assert learner.drift.alarm_count > 0
    assert learner._optimizer.rate == learner.config.rate * (HURRIED_RATE if answers_drift else 1)
    restored = RankingLearner()
    assert restored.load(learner.save())
    assert restored.drift.alarms == learner.drift.alarms


@pytest.mark.parametrize("saved", [{}, {"net/linear.weight": np.zeros((1, FEATURES + 1), np.float32)}])
def test_what_is_of_another_version_is_not_loaded(learner: RankingLearner, saved: Saved) -> None:
    before = learner.save()
    assert not learner.load(saved)
    assert not learner.load(RankingLearner(RankingConfig(hidden=8)).save())
    assert_same(learner.save(), before)


def test_no_rating_is_so_large_that_it_spoils_the_weights(learner: RankingLearner) -> None:
    for log, item_ids in islice(lists(CONTENT, seed=4), STEP_LISTS):
        columns = np.frombuffer(log.columns, np.float16).reshape(COUNT, -1).copy()
        columns[0, RATING] = LARGEST
        learner.learn(ListLog(log.hashes, columns.tobytes(), log.means, log.request), item_ids, 0)
    assert all(np.isfinite(array).all() for array in learner.save().values())


def test_the_loss_is_cross_entropy_shared_by_what_was_had_and_weighed_by_its_root() -> None:
    # Shares 1/4, 1/2, absent, 1/4: of the first two, (ln 4 + ln 2) / 2. Then shares 1/2 and 1/2: ln 2.
    scores = np.array([[0.0, math.log(2), -math.inf, 0.0], [5.0, 5.0, -math.inf, -math.inf]], np.float32)
    loss, pull = listwise_loss(scores, np.array([[1, 1, 0, 0], [1, 0, 0, 0]], np.float32))
    two = math.sqrt(2)
    assert loss == pytest.approx((1.5 * math.log(2) * two + math.log(2)) / (two + 1))
    # Softmax minus target, each list by its weight; nothing pulls at what is absent.
    expected = np.array([[-0.25 * two, 0, 0, 0.25 * two], [-0.5, 0.5, 0, 0]]) / (two + 1)
    np.testing.assert_allclose(pull, expected, atol=1e-6)


def test_ties_and_what_is_not_a_number_count_against_a_rank() -> None:
    scores = np.array(
        [[3, 2, 1, 0], [1, 1, 1, 0], [1, 2, -np.inf, -np.inf], [np.nan, 2, 1, 0], [np.nan] * 4], np.float32
    )
    had = np.array([[0, 1, 1, 0], [1, 0, 0, 0], [1, 0, 0, 0], [0, 1, 0, 0], [1, 0, 0, 0]], np.bool_)
    assert reciprocal_ranks(scores, had).tolist() == [1 / 2, 1 / 3, 1 / 2, 1 / 2, 1 / 4]


def test_lists_of_a_user_who_is_forgotten_are_neither_replayed_nor_awaited() -> None:
    learner = RankingLearner()
    for number, (log, item_ids) in enumerate(islice(lists(CONTENT), STEP_LISTS + 5)):
        learner.learn(log, item_ids, number, f"u{number % 2}")
    assert learner.holds("u0")
    assert learner.holds("u1")
    assert learner.forget(["u0", "nobody"]) == {"u0": 11, "nobody": 0}
    assert (learner.holds("u0"), learner.holds("u1")) == (False, True)
    # Two of the five lists that waited for the next step are left: it is made with the fourteenth from here.
    for log, item_ids in islice(lists(CONTENT, seed=1), STEP_LISTS - 3):
        learner.learn(log, item_ids, 0, "u1")
    assert learner.step_count == 1
    learner.learn(*next(lists(CONTENT, seed=2)), 0, "u1")
    assert learner.step_count == 2


def test_who_takes_over_again_knows_no_list_of_before(learner: RankingLearner) -> None:
    for saved in (learner.save(), {}):
        for log, item_ids in islice(lists(CONTENT), 3):
            learner.learn(log, item_ids, 0, "u")
        assert learner.holds("u")
        learner.load(saved)
        assert not learner.holds("u")
        teach(learner, CONTENT, 1)
        assert np.isfinite(learner.save()["net/hidden.weight"]).all()
