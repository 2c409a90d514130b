import numpy as np
import pytest

from online.learning.alarm import Alarm
from online.learning.drift import LARGEST_LOSS, QUIET_LISTS, DriftWatch, Seen

KINDS = {"cold_items": (True, False), "new_users": (False, True), "warm": (False, False)}


def looked(
    watch: DriftWatch, losses: np.ndarray, hit_rate: float = 0.4, kind: str = "warm", first_ms: int = 0
) -> list[Alarm]:
    """The alarms that lists with these losses set off, a millisecond apart."""
    rng = np.random.default_rng(len(losses))
    hits = rng.random(len(losses)) < hit_rate
    return [
        alarm
        for number, (loss, is_hit) in enumerate(zip(losses.tolist(), hits.tolist(), strict=True))
        for alarm in watch.look(Seen(loss, is_hit, *KINDS[kind], first_ms + number))
    ]


def losses(count: int, mean: float, seed: int = 0) -> np.ndarray:
    """Of a ranking that neither gains nor falls off: wide, and never below 0."""
    return np.clip(np.random.default_rng(seed).normal(mean, 1.2, count), 0, None)


@pytest.mark.parametrize("seed", range(3))
def test_a_stream_that_stays_as_it_is_sets_off_nothing(seed: int) -> None:
    assert looked(DriftWatch(), losses(20_000, 4, seed)) == []


def test_getting_better_is_no_alarm() -> None:
    watch = DriftWatch()
    assert looked(watch, losses(3_000, 5)) == []
    assert looked(watch, losses(3_000, 3), hit_rate=0.8) == []
    assert looked(watch, np.linspace(3, 1, 5_000), hit_rate=0.9) == []


def test_users_whose_lists_in_a_row_are_harder_are_no_alarm() -> None:
    watch = DriftWatch()
    levels = np.repeat(np.random.default_rng(1).normal(0, 0.4, 1_000), 20)
    assert looked(watch, np.clip(levels + losses(20_000, 4), 0, None)) == []


def test_a_loss_that_jumps_is_noticed_within_a_few_hundred_lists_of_its_kind_and_overall() -> None:
    watch = DriftWatch()
    assert looked(watch, losses(3_000, 4)) == []
    alarms = looked(watch, losses(400, 5.2), kind="warm", first_ms=3_000)
    assert {(a.segment, a.measure) for a in alarms} >= {("all", "loss"), ("warm", "loss")}
    first = alarms[0]
    assert first.timestamp_ms < 3_300
    assert first.usual == pytest.approx(4.1, abs=0.2)
    assert first.now > first.usual + 0.5


def test_hits_that_get_rare_are_noticed_too() -> None:
    watch = DriftWatch()
    assert looked(watch, losses(3_000, 4), hit_rate=0.5) == []
    alarms = looked(watch, losses(600, 4, seed=1), hit_rate=0.1)
    assert {(a.segment, a.measure) for a in alarms} == {("all", "hit_rate"), ("warm", "hit_rate")}


@pytest.mark.parametrize("kind", ["cold_items", "new_users"])
def test_a_kind_of_lists_that_is_rare_is_watched_by_itself(kind: str) -> None:
    watch = DriftWatch()
    alarms = []
    for part in range(250):
        rare = losses(10, 4 if part < 150 else 5.5, seed=part)
        alarms += looked(watch, losses(150, 4, seed=1_000 + part)) + looked(watch, rare, kind=kind)
    assert alarms[0].segment == kind
    assert "warm" not in {a.segment for a in alarms}


def test_at_first_and_after_an_alarm_what_is_usual_is_found_out_anew() -> None:
    watch = DriftWatch()
    assert looked(watch, np.concatenate((losses(QUIET_LISTS // 2, 2), losses(QUIET_LISTS // 2, 6)))) == []
    watch = DriftWatch()
    looked(watch, losses(3_000, 4))
    alarms = looked(watch, losses(8_000, 5.2))
    assert sum(a.segment == "all" and a.measure == "loss" for a in alarms) == 1
    again = looked(watch, losses(500, 6.6))
    assert ("all", "loss") in {(a.segment, a.measure) for a in again}


def test_an_endless_loss_is_a_large_one() -> None:
    watch = DriftWatch()
    looked(watch, losses(3_000, 4))
    assert looked(watch, np.full(100, LARGEST_LOSS * 5)) != []
