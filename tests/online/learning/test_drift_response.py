import numpy as np

from online.learning.drift import LARGEST_LOSS, Seen
from online.learning.drift_response import (
    ACTION,
    ALARMS_KEPT,
    HURRIED_LISTS,
    HURRIED_RATE,
    HURRIED_STEPS,
    NOTED,
    NOTED_AGAIN,
    DriftResponse,
    lists_seen,
)
from online.learning.replay import CAPACITY
from online.ranking.evidence import COLD
from online.ranking.features import FEATURES, HISTORY_LENGTH

CALM, HURRIED = (1.0, CAPACITY), (HURRIED_RATE, HURRIED_LISTS)


def seen(count: int, loss: float, seed: int = 0) -> list[Seen]:
    rng = np.random.default_rng(seed)
    return [Seen(max(0.0, float(rng.normal(loss, 1))), True, False, False, n) for n in range(count)]


def alarmed(*, is_noting_only: bool = False) -> DriftResponse:
    response = DriftResponse(is_noting_only=is_noting_only)
    response.look(seen(2_000, 3))
    assert response.alarm_count == 0
    response.look(seen(300, 6))
    assert response.alarm_count > 0
    return response


def test_after_an_alarm_steps_are_made_in_a_hurry_for_a_while() -> None:
    response = alarmed()
    assert {alarm.action for alarm in response.alarms} == {ACTION}
    assert [response.pace() for _ in range(HURRIED_STEPS + 2)] == [HURRIED] * HURRIED_STEPS + [CALM] * 2


def test_a_change_soon_after_another_may_bring_back_what_replay_remembers_and_is_only_noted() -> None:
    response = alarmed()
    for _ in range(HURRIED_STEPS):
        response.pace()
    response.look(seen(2_000, 6))
    response.look(seen(300, 9))
    assert response.alarms[-1].action == NOTED_AGAIN
    assert response.pace() == CALM
    # And once replay has nothing left of what was before:
    response.look(seen(CAPACITY, 9))
    response.look(seen(300, 13))
    assert [response.pace() for _ in range(HURRIED_STEPS)] == [HURRIED] * HURRIED_STEPS


def test_where_alarms_are_only_noted_nothing_changes() -> None:
    response = alarmed(is_noting_only=True)
    assert {alarm.action for alarm in response.alarms} == {NOTED}
    assert response.pace() == CALM


def test_restored_it_knows_its_alarms_and_hurries_on() -> None:
    response = alarmed()
    response.pace()
    restored = DriftResponse()
    restored.load(response.save())
    assert (list(restored.alarms), restored.alarm_count) == (list(response.alarms), response.alarm_count)
    assert [restored.pace() for _ in range(HURRIED_STEPS)] == [HURRIED] * (HURRIED_STEPS - 1) + [CALM]


def test_only_the_last_alarms_are_kept_but_all_are_counted() -> None:
    response = DriftResponse()
    for part in range(15):
        response.look(seen(1_500, 3 + part))
    assert response.alarm_count > ALARMS_KEPT
    assert len(response.alarms) == ALARMS_KEPT


def test_a_list_is_of_the_kind_that_its_user_and_what_was_had_are() -> None:
    features = np.zeros((4, 3, FEATURES), np.float32)
    features[:, :, HISTORY_LENGTH] = np.log1p([[4], [5], [60], [60]])
    features[2, 1, COLD] = 1
    features[3, 0, COLD] = 1
    targets = np.array([[0, 1, 0]] * 4, np.float32)
    losses = np.array([1.5, np.inf, np.nan, 2.0], np.float32)
    found = lists_seen(features, targets, losses, np.array([1, 1 / 10, 1 / 11, 0.5]), [7, 8, 9, 10])
    assert [list(one.segments()) for one in found] == [
        ["all", "new_users"], ["all", "warm"], ["all", "cold_items"], ["all", "warm"]
    ]  # fmt: skip
    assert [one.is_hit for one in found] == [True, True, False, True]
    assert [one.loss for one in found] == [1.5, LARGEST_LOSS, LARGEST_LOSS, 2.0]
    assert [one.timestamp_ms for one in found] == [7, 8, 9, 10]
