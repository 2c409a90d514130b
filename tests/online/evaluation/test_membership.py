from collections.abc import Collection
from itertools import count

import numpy as np
import pytest

from online.evaluation.membership import HELD_OUT, HeldOut, auc, is_held_out, loss
from online.events import ListLog
from online.learning.drift_response import DriftResponse
from online.ranking.evidence import RECENT
from online.ranking.features import FEATURES
from online.ranking.network import Network
from tests.online.ranking.made_logs import log_with

USERS = [f"u{n}" for n in range(100)]


class Memory:
    """A learner that notes whose lists it is given."""

    def __init__(self) -> None:
        self.drift = DriftResponse()
        self.step_count = 3
        self.users: list[str] = []

    def learn(self, log: ListLog, item_ids: Collection[str], now_ms: int, user_id: str = "") -> None:
        self.users.append(user_id)

    def network(self) -> Network | None:
        return None


def ranks_by(column: int) -> Network:
    linear = np.zeros(FEATURES, np.float32)
    linear[column] = 1
    still = np.zeros((FEATURES, 1), np.float32)
    none, one = np.zeros(FEATURES, np.float32), np.ones(FEATURES, np.float32)
    return Network(none, one, linear, still, np.zeros(1, np.float32), np.zeros(1, np.float32))


def log(recent_of_had: float) -> ListLog:
    """Of four candidates, the first of which is had."""
    return log_with({RECENT: np.array([recent_of_had, 1, 1, 1], np.float32)}, 4)


@pytest.mark.parametrize(
    ("learned", "held_out", "expected"),
    [
        ([1.0, 2.0], [3.0, 4.0], 1.0),
        ([3.0, 4.0], [1.0, 2.0], 0.0),
        ([1.0, 3.0], [2.0, 4.0], 0.75),
        ([1.0, 1.0], [1.0], 0.5),
        ([1.0], [], 0.5),
    ],
)
def test_the_auc_is_the_share_of_pairs_in_the_right_order(
    learned: list[float], held_out: list[float], expected: float
) -> None:
    assert auc(learned, held_out) == expected


def test_the_loss_is_cross_entropy() -> None:
    # Shares 1/2, 1/4, 1/4; of the first two, (ln 2 + ln 4) / 2.
    scores = np.log(np.array([2.0, 1.0, 1.0], np.float32)) + 100
    assert loss(scores, np.array([True, True, False])) == pytest.approx(1.5 * np.log(2), rel=1e-5)


def test_about_a_share_of_the_users_is_held_out_and_no_list_of_theirs_is_learned() -> None:
    memory = Memory()
    learner = HeldOut(memory, seed=0)
    for user_id in USERS:
        learner.learn(log(1), ["i0"], 0, user_id)
    assert memory.users == [user_id for user_id in USERS if not is_held_out(user_id)]
    assert 10 < len(USERS) - len(memory.users) < 2 * len(USERS) / HELD_OUT
    assert learner.step_count == 3


def test_weights_that_remember_are_found_out_and_others_are_not() -> None:
    learner = HeldOut(Memory(), seed=0)
    for user_id in USERS:
        for _ in range(3):
            learner.learn(log(2.0 - is_held_out(user_id)), ["i0"], 0, user_id)
    assert learner.attack(ranks_by(RECENT)) == (1.0, 1.0)
    assert learner.attack(ranks_by(RECENT + 1)) == (0.5, 0.5)


def test_of_many_lists_an_even_sample_is_attacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("online.evaluation.membership.KEPT", 50)
    learner = HeldOut(Memory(), seed=0)
    for number, user_id in zip(count(), USERS * 10, strict=False):
        learner.learn(log(1), ["i0"], number, user_id)
    users = [user_id for _, _, user_id in learner._logs]
    assert len(users) == 50
    assert len(set(users)) > 25
