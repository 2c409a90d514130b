"""What passes by: counted, timed by Kafka's clock, and by whom."""

import time

import msgspec
import pytest

from streams.console.activity import ACTIVE, Activity
from streams.events import DeadLetter, RefusalError
from streams.follower import Record
from streams.settings import Settings
from tests.streams.console.served import recommendation


def message(key: str, value: object, timestamp_ms: int = 1_700_000_000_000) -> Record:
    data = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return Record(0, 0, key.encode(), data, timestamp_ms, {})


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now_s = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    return now_s


def click(user_id: str, item_id: str = "i") -> dict[str, str]:
    return {"user_id": user_id, "item_id": item_id, "action": "click"}


def test_events_are_counted_one_by_one_also_in_packed_messages_and_refused_ones_are_not(
    clock: list[float],
) -> None:
    activity = Activity(Settings())
    activity.take_interactions(message("a", [click("a"), click("b"), {"user_id": "c"}]))
    activity.take_interactions(message("d", click("d")))
    activity.take_interactions(message("e", b"oops"))
    clock[0] += 1
    assert activity.events.per_s(clock[0]) == 0.3
    assert [entry.user_id for entry in activity.active()] == ["d", "b", "a"]


def test_nobody_is_shown_by_a_name_that_workers_refuse(clock: list[float]) -> None:
    pseudonym = f"52d3a5c1-{32 * '0'}"
    activity = Activity(Settings(pseudonyms="52d3a5c1"))
    activity.take_interactions(message("a", [click("ann@example.org"), click(pseudonym)]))
    clock[0] += 1
    assert activity.events.per_s(clock[0]) == 0.1
    assert [entry.user_id for entry in activity.active()] == [pseudonym]


def test_lists_are_timed_as_they_come_if_an_event_caused_them(clock: list[float]) -> None:
    activity = Activity(Settings())
    made = recommendation("ann", "x")
    activity.take_list(message("ann", made), is_live=False)
    activity.take_list(message("ann", made, made.cause.timestamp_ms + 17), is_live=True)
    made.cause.kind = "item"
    activity.take_list(message("ann", made, made.cause.timestamp_ms + 900), is_live=True)
    clock[0] += 1
    assert activity.lists.per_s(clock[0]) == 0.2
    assert activity.event_to_list.percentiles((1.0,), clock[0]) == [17]
    assert [(entry.user_id, entry.action) for entry in activity.active()] == [("ann", None)]


def test_what_was_taken_back_is_no_list(clock: list[float]) -> None:
    activity = Activity(Settings())
    activity.take_list(Record(0, 0, b"ann", None, 0, {}), is_live=True)
    clock[0] += 1
    assert (activity.lists.per_s(clock[0]), activity.active()) == (0.0, [])


def test_only_the_last_users_are_kept() -> None:
    activity = Activity(Settings())
    for number in range(ACTIVE + 5):
        activity.take_interactions(message("k", click(f"u{number}")))
    activity.take_interactions(message("k", click("u10", "new")))
    kept = activity.active()
    assert (len(kept), kept[0].user_id, kept[0].item_id, kept[-1].user_id) == (ACTIVE, "u10", "new", "u5")


def test_a_dead_letter_is_told_without_what_it_holds(clock: list[float]) -> None:
    activity = Activity(Settings())
    error = RefusalError("invalid", "$.action", "no such action")
    letter = DeadLetter("interactions", 3, 7, 0, None, "c2VjcmV0", False, "", error, 5)
    activity.take_letter(message("k", letter))
    clock[0] += 1
    assert activity.dead_letters.per_s(clock[0]) == 0.1
    assert b"c2VjcmV0" not in msgspec.json.encode(list(activity.refused))
    assert (activity.refused[0].path, activity.refused[0].offset) == ("$.action", 7)


@pytest.mark.parametrize("value", [None, b"no letter", b'{"cause": {"kind": "of a later version"}}'])
def test_what_no_worker_of_this_version_wrote_ends_nothing(clock: list[float], value: bytes | None) -> None:
    activity, record = Activity(Settings()), Record(0, 0, b"u1", value, 1, {})
    activity.take_letter(record)
    activity.take_list(record, is_live=True)
    clock[0] += 1
    assert not activity.refused
    assert activity.event_to_list.percentiles((0.5,), clock[0]) == [None]
