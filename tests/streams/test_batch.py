import json
from itertools import pairwise
from typing import Any, cast
from unittest.mock import Mock

import msgspec
import numpy as np
import pytest

from online import example_codec
from online.events import Cursor, ExampleRun, ListLog
from online.fold import ExampleFold
from online.ranking.list_log import CANDIDATES, HAD_LIMIT, had_of_log
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.state import UserState
from streams import metrics
from streams.batch import FUTURE_LIMIT_MS, RUN_EXAMPLES, Batch, decode
from streams.event_ids import event_hash
from streams.events import DeadLetter, Interaction
from streams.homes import FORWARDED_HEADER
from streams.list_logs import ListLogs
from streams.settings import Settings
from streams.topics import home_partition, table
from tests.online.ranking.made_logs import random_log
from tests.streams.records import TIMESTAMP_MS, record

SETTINGS = Settings(partitions=4)
HOME = home_partition("u", 4)
NOW_MS = TIMESTAMP_MS + 500
SMALL = RecommenderConfig(capacity=64)


class FakeUsers:
    """States of every partition, in memory; forgets what is not packed at the worst moment."""

    def __init__(self) -> None:
        self.states: dict[str, UserState] = {}

    def get(self, user_id: str, _partition: int) -> UserState:
        if user_id == "broken":
            msg = "no such user"
            raise KeyError(msg)
        return self.states.pop(user_id, None) or UserState(user_id)


def new_batch(logs: ListLogs | None = None) -> Batch:
    logs = logs if logs is not None else ListLogs(Recommender(SMALL), 0)
    return Batch(SETTINGS, cast(Any, FakeUsers()), Mock(), logs, "topic-id", NOW_MS, hurried=False)


def logging_batch(logged: ListLog) -> Batch:
    """Every set's first event meets this list."""
    logs = ListLogs(Recommender(SMALL), 1_000)
    cast(Any, logs)._recommender = Mock(log=Mock(return_value=logged))
    return new_batch(logs)


def add(batch: Batch, *events: dict[str, Any], partition: int = HOME, offset: int = 0) -> None:
    """One message of these events, packed where they are several."""
    value = events[0] if len(events) == 1 else list(events)
    source = record("interactions", value, partition=partition, offset=offset, key="u")
    decoded = decode(source.value)
    for refusal in decoded.refusals:
        batch.refuse(source, refusal)
    for index, interaction in decoded.events:
        batch.add(source, index, interaction)


def event(item_id: str = "i", **more: Any) -> dict[str, Any]:  # noqa: ANN401  # JSON
    return {"user_id": "u", "item_id": item_id, "action": "click"} | more


def letters(batch: Batch) -> list[DeadLetter]:
    return [
        msgspec.json.decode(o.value or b"", type=DeadLetter)
        for o in batch.outgoing
        if o.topic == "dead-letters"
    ]


@pytest.mark.parametrize(
    ("given", "applied"),
    [
        (None, TIMESTAMP_MS),
        (0, 0),
        (TIMESTAMP_MS - 1, TIMESTAMP_MS - 1),
        (TIMESTAMP_MS + FUTURE_LIMIT_MS, TIMESTAMP_MS + FUTURE_LIMIT_MS),
        (TIMESTAMP_MS + FUTURE_LIMIT_MS + 1, TIMESTAMP_MS + FUTURE_LIMIT_MS),
        (4_070_908_800_000, TIMESTAMP_MS + 5 * 60 * 1000),
    ],
)
def test_nothing_counts_as_much_later_than_kafkas_timestamp(given: int | None, applied: int) -> None:
    batch = new_batch()
    add(batch, event(timestamp_ms=given))
    assert batch.touched["u"].state.open_ms == applied


def test_nothing_counts_as_much_later_than_now_either() -> None:
    batch = new_batch()
    ahead = record("interactions", event(), partition=HOME, key="u", timestamp_ms=4_070_908_800_000)
    for index, interaction in decode(ahead.value).events:
        batch.add(ahead, index, interaction)
    assert batch.touched["u"].state.open_ms == NOW_MS + FUTURE_LIMIT_MS


def test_an_event_without_an_id_has_its_place_for_one() -> None:
    batch = new_batch()
    add(batch, event("a"), event("b", event_id="own"), event("c"), offset=7)
    (run,) = batch.runs()
    names = [f"topic-id:interactions-{HOME}-7-0", "own", f"topic-id:interactions-{HOME}-7-2"]
    assert [e.event_hash for e in run.examples] == [event_hash(name) for name in names]
    assert batch.touched["u"].cause.event_id == names[-1]


def test_what_an_older_version_sent_home_counts_once_when_it_is_sent_again() -> None:
    batch = new_batch()
    place = "interactions-9-4-0"
    add(batch, event(event_id=place), offset=0)
    add(batch, event(event_id=f"topic-id:{place}"), offset=1)
    state = batch.touched["u"].state
    assert (state.applied_count, state.cursor) == (1, Cursor("topic-id", HOME, 1, 0))


def test_a_retry_makes_no_second_example_but_still_a_list() -> None:
    batch = new_batch()
    add(batch, event(event_id="e"), offset=1)
    add(batch, event(event_id="e"), offset=2)
    (run,) = batch.runs()
    assert len(run.examples) == 1
    touched = batch.touched["u"]
    assert touched.state.cursor == Cursor("topic-id", HOME, 2, 0)
    assert (touched.partition, touched.cause.offset, touched.cause.kind) == (HOME, 2, "interaction")


def test_a_user_whom_the_store_drops_within_the_batch_keeps_both_events() -> None:
    batch = new_batch()
    add(batch, event("a"), offset=1)
    add(batch, event("b"), offset=2)
    assert batch.touched["u"].state.applied_count == 2


def test_what_lies_astray_goes_home_with_its_id_and_timestamp() -> None:
    astray = (HOME + 1) % 4
    batch = new_batch()
    add(batch, event("a"), event("b", event_id="own", timestamp_ms=5), partition=astray, offset=9)
    assert not batch.touched
    assert batch.runs() == []
    first, second = batch.outgoing
    assert (first.topic, first.key, first.partition, first.timestamp_ms) == (
        "interactions",
        b"u",
        HOME,
        TIMESTAMP_MS,
    )
    assert first.headers == [(FORWARDED_HEADER, f"interactions-{astray}-9-0".encode())]
    sent = [json.loads(o.value or b"") for o in (first, second)]
    assert [e["event_id"] for e in sent] == [f"topic-id:interactions-{astray}-9-0", "own"]
    assert [e["timestamp_ms"] for e in sent] == [TIMESTAMP_MS, 5]
    assert decode(first.value).events[0][1].item_id == "a"


def test_of_a_packed_message_each_event_goes_its_own_way() -> None:
    other = next(name for name in "abcdef" if home_partition(name, 4) != HOME)
    batch = new_batch()
    add(batch, event("a"), event("b", user_id=other), event("c", action="clock"), event("d"), offset=3)
    (run,) = batch.runs()
    assert [(e.item_id, e.offset, e.index) for e in run.examples] == [("a", 3, 0), ("d", 3, 3)]
    assert (run.first, run.last) == ((3, 0), (3, 3))
    assert [o.partition for o in batch.outgoing if o.topic == "interactions"] == [home_partition(other, 4)]
    assert [(dead.index, dead.error.path) for dead in letters(batch)] == [(2, "$[2].action")]


def test_an_internal_error_refuses_its_event_only() -> None:
    batch = new_batch()
    home = home_partition("broken", 4)
    add(batch, event(user_id="broken"), partition=home, offset=1)
    add(batch, event(), offset=2)
    (dead,) = letters(batch)
    assert (dead.error.code, dead.error.path, dead.error.message) == (
        "internal",
        "$",
        "KeyError: 'no such user'",
    )
    assert (dead.partition, dead.offset, dead.index) == (home, 1, 0)
    assert list(batch.touched) == ["u"]


def test_spans_cover_what_was_looked_at_also_where_nothing_was_applied() -> None:
    batch = new_batch()
    add(batch, event(event_id="e"), offset=4)
    add(batch, event(event_id="e"), event(event_id="e"), offset=6)
    (run,) = batch.runs()
    assert run == ExampleRun("topic-id", HOME, (4, 0), (6, 1), run.examples)
    assert batch.event_count == 3


def test_runs_are_one_for_each_source_partition() -> None:
    batch = new_batch()
    names = {home_partition(name, 4): name for name in "abcdefghijkl"}
    for partition, name in names.items():
        add(batch, event(user_id=name), partition=partition, offset=partition)
    assert {run.partition: run.last for run in batch.runs()} == {p: (p, 0) for p in names}
    assert len(names) > 1


def test_examples_that_one_record_could_not_hold_go_in_several_and_are_folded_once() -> None:
    batch = new_batch()
    long = "\U0001f600" * 250
    count = 2 * RUN_EXAMPLES + 5
    for number in range(count):
        one = event(f"{long}{number % 70}", timestamp_ms=number)
        add(batch, one, event(event_id="again"), offset=number)
    runs = batch.runs()
    assert [len(run.examples) for run in runs] == [RUN_EXAMPLES, RUN_EXAMPLES, 8]
    assert (runs[0].first, runs[-1].last) == ((0, 0), (count - 1, 1))
    assert all(before.last == after.first for before, after in pairwise(runs))
    fold = ExampleFold(Recommender(SMALL))
    packed = [example_codec.pack(run) for run in runs]
    assert max(map(len, packed)) < table(SETTINGS)["examples"].max_message_bytes
    for data in (*packed, *packed):
        fold.fold(example_codec.unpack(data), NOW_MS)
    (learned,) = fold.learned.values()
    assert (learned.count, learned.watermark) == (2 * RUN_EXAMPLES + 8, (count - 1, 1))


def test_an_event_astray_that_would_not_fit_in_a_record_of_its_own_is_refused() -> None:
    astray = (HOME + 1) % 4
    batch = new_batch()
    add(batch, event(context={"x": "y" * 2**20}), event(), partition=astray, offset=9)
    (dead,) = letters(batch)
    assert (dead.partition, dead.offset, dead.index, dead.error.code) == (astray, 9, 0, "too_large")
    assert "on a foreign partition and has 1048711 bytes" in dead.error.message
    assert [o.topic for o in batch.outgoing] == ["dead-letters", "interactions"]
    add(batch, event(context={"x": "y" * 2**20}), offset=10)
    assert batch.touched["u"].state.applied_count == 1


@pytest.mark.parametrize("origin", [b"\xff", b"", b"x" * 10_000, b"T:interactions-3"])
def test_a_header_that_names_no_place_says_nothing_of_an_event(origin: bytes) -> None:
    batch = new_batch()
    batch.add(
        record("interactions", {}, partition=HOME, offset=7, headers=(("origin", origin),)),
        0,
        Interaction("u", "i", "click"),
    )
    assert letters(batch) == []
    assert batch.touched["u"].cause.event_id == f"topic-id:interactions-{HOME}-7-0"


def test_the_oldest_record_and_the_list_id_are_noted() -> None:
    batch = new_batch()
    assert batch.oldest_ms == NOW_MS
    add(batch, event(list_id="l-1"))
    assert batch.oldest_ms == TIMESTAMP_MS
    assert batch.runs()[0].examples[0].list_id == "l-1"


def test_interactions_of_every_action_are_known() -> None:
    for action in ("impression", "hide", "rate"):
        assert decode(json.dumps(event(action=action)).encode()).events[0][1] == Interaction("u", "i", action)


LONG_LIST = random_log(np.random.default_rng(0), 1_000)


def test_the_first_example_of_a_set_carries_the_list_that_the_set_met() -> None:
    batch = logging_batch(LONG_LIST)
    add(batch, *(event(f"x{n}", timestamp_ms=second) for n, second in enumerate((1, 1, 2, 3, 3))))
    (run,) = batch.runs()
    assert [e.list_log is not None for e in run.examples] == [True, False, True, True, False]


def test_a_logged_list_is_thinned_but_for_what_the_batch_had_of_it() -> None:
    batch = logging_batch(LONG_LIST)
    sets = {1_000: ["i5", "i77", "i900"], 2_000: ["i6"]}
    # Events of one set may lie in several messages.
    for offset, (timestamp_ms, item_id) in enumerate((ms, i) for ms, ids in sets.items() for i in ids):
        add(batch, event(item_id, timestamp_ms=timestamp_ms), offset=offset)
    (run,) = batch.runs()
    logs = {e.timestamp_ms: e.list_log for e in run.examples if e.list_log is not None}
    for timestamp_ms, ids in sets.items():
        log = logs[timestamp_ms]
        assert log is not None
        assert len(log.hashes) == 4 * CANDIDATES
        assert had_of_log(log, ids).sum() == len(ids)
    assert logs[1_000] != logs[2_000]


def test_what_was_merely_shown_takes_no_place_from_what_was_had() -> None:
    batch = logging_batch(LONG_LIST)
    shown = [event(f"i{n}", action="impression", timestamp_ms=1_000) for n in range(HAD_LIMIT + 20)]
    add(batch, *shown, event("i999", timestamp_ms=1_000))
    (run,) = batch.runs()
    log = run.examples[0].list_log
    assert log is not None
    assert had_of_log(log, ["i999"]).sum() == 1
    # Of what was shown only the lot keeps some: about one in eight.
    assert had_of_log(log, [e["item_id"] for e in shown]).sum() < HAD_LIMIT // 2


def test_a_retry_of_another_event_leaves_no_log() -> None:
    batch = logging_batch(LONG_LIST)
    add(batch, event("i1", event_id="e", timestamp_ms=1_000), offset=1)
    add(batch, event("i1", event_id="e", timestamp_ms=2_000), offset=2)
    (run,) = batch.runs()
    assert [e.timestamp_ms for e in run.examples if e.list_log is not None] == [1_000]


def test_an_interaction_of_a_newer_schema_is_counted() -> None:
    counter = metrics.NEWER_SCHEMA.labels(topic="interactions")
    before, batch = counter._value.get(), new_batch()
    add(batch, event(schema_version=2, mood="good"), event(schema_version=2))
    assert counter._value.get() == before + 1
    assert batch.applied_count == 2
