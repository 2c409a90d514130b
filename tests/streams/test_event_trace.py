import base64
import json
from typing import Any

import msgspec
import pytest

from online import example_codec
from online.events import Cursor, Event, ExampleRun
from online.fold import Learned
from online.state import UserState
from online.state_codec import pack
from streams.event_ids import event_hash
from streams.event_trace import EventTrace
from streams.events import Cause, DeadLetter, Recommendation, RefusalError, Through
from streams.follower import Record
from streams.publications import PROGRESS_KEY, Progress, encode_progress
from streams.topics import home_partition
from streams.tracing import Trace

HOME = home_partition("u1", 4)
ABROAD = (HOME + 1) % 4
EVENT = {"user_id": "u1", "item_id": "i1", "action": "click", "event_id": "é-1"}


def _trace(event_id: str = "é-1") -> EventTrace:
    return EventTrace(event_id, 4, "T", lambda base: f"t-{base}")


def _sent(
    value: Any,  # noqa: ANN401  # any JSON
    offset: int,
    partition: int = HOME,
    headers: dict[str, bytes] | None = None,
) -> Record:
    return Record(partition, offset, b"u1", json.dumps(value).encode(), 1_000 + offset, headers or {})


def _steps(trace: Trace) -> list[tuple[str, int, int, int]]:
    return [(step.what, step.partition, step.offset, step.after_ms) for step in trace.steps]


def _list(offset: int, through: int, timestamp_ms: int) -> Record:
    cause = Cause("interaction", "é-1", "t-interactions", HOME, through, 0)
    made = Recommendation("u1", f"l{offset}", 0, 1, cause, Through(HOME, through, 0), "default", [])
    return Record(HOME, offset, b"u1", msgspec.json.encode(made), timestamp_ms, {})


def _state(user_id: str, offset: int) -> bytes:
    state = UserState(user_id)
    state.apply(Event(user_id, "i1", "click", 1.0, 5, event_hash("é-1"), Cursor("T", HOME, offset, 0)))
    return pack(state)


def _progress(watermark: int, topic_id: str = "T") -> bytes:
    learned = [Learned(topic_id, HOME, (watermark, 0))]
    return encode_progress(Progress(1, 9, 0, "", learned, None, None, 0, 0))


def test_an_event_is_followed_from_astray_to_learned() -> None:
    found = _trace()
    other = EVENT | {"event_id": "e-2"}
    for record in (
        _sent([other, EVENT], 7, ABROAD),
        _sent(other, 8),
        _sent(EVENT, 9, headers={"forwarded-from": f"t-interactions-{ABROAD}-7-1".encode()}),
        _sent(EVENT, 12),
    ):
        found.take_interaction(record)
    assert found.home == Cursor("T", HOME, 9, 0)
    example = UserState("u1").apply(Event("u1", "i1", "click", 1.0, 5, event_hash("é-1"), found.home))
    assert example is not None
    run = example_codec.pack(ExampleRun("T", HOME, (9, 0), (9, 0), [example]))
    found.take_example(Record(0, 1, f"T-{ABROAD}".encode(), b"not looked at", 1_020, {}))
    found.take_example(Record(0, 2, f"T-{HOME}".encode(), run, 1_021, {}))
    for offset, (user, reached) in enumerate((("u1", 8), ("u2", 9), ("u1", 9), ("u1", 12))):
        found.take_state(Record(HOME, offset, user.encode(), _state(user, reached), 1_030 + offset, {}))
    for record in (_list(0, 8, 1_022), _list(1, 9, 1_025), _list(2, 12, 1_040)):
        found.take_list(record)
    for offset, value in enumerate((_progress(8), _progress(9, "former"), _progress(9), _progress(12))):
        found.take_progress(Record(0, offset, PROGRESS_KEY, value, 1_100 + offset, {}))
    trace = found.trace()
    assert trace.outcome == "answered"
    assert _steps(trace) == [
        ("sent", ABROAD, 7, 0),
        ("sent home", HOME, 9, 2),
        ("sent", HOME, 12, 5),
        ("made an example", 0, 2, 14),
        ("listed", HOME, 1, 18),
        ("in the user's state", HOME, 2, 25),
        ("learned", 0, 2, 95),
    ]
    assert [step.note for step in trace.steps][:3] == [
        "event 1 of the message; on a foreign partition",
        f"from t-interactions-{ABROAD}-7-1",
        "again, counts once unless the user was erased in between",
    ]


def test_an_event_with_an_id_is_followed_by_its_place_as_logs_have_it() -> None:
    found = _trace(f"t-interactions-{HOME}-9-0")
    found.take_interaction(_sent(EVENT, 9))
    assert found.home is not None
    example = UserState("u1").apply(Event("u1", "i1", "click", 1.0, 5, event_hash("é-1"), found.home))
    assert example is not None
    run = example_codec.pack(ExampleRun("T", HOME, (9, 0), (9, 0), [example]))
    found.take_example(Record(0, 2, f"T-{HOME}".encode(), run, 1_021, {}))
    assert [step.what for step in found.trace().steps] == ["sent", "made an example"]


def test_an_event_without_an_id_is_found_by_its_place() -> None:
    nameless = {name: value for name, value in EVENT.items() if name != "event_id"}
    found = _trace(f"t-interactions-{HOME}-5-1")
    found.take_interaction(_sent([nameless, nameless], 5))
    found.take_interaction(_sent([nameless, nameless], 6))
    assert found.home == Cursor("T", HOME, 5, 1)
    trace = found.trace()
    assert (trace.outcome, _steps(trace)) == ("waiting", [("sent", HOME, 5, 0)])


@pytest.mark.parametrize(
    ("asked", "called"),
    [("", "T:"), ("T:", "T:"), ("", "")],
    ids=["by its place", "by its id", "by its place, of an older version"],
)
def test_one_sent_home_without_an_id_is_called_by_where_it_lay(asked: str, called: str) -> None:
    nameless = {name: value for name, value in EVENT.items() if name != "event_id"}
    place = f"t-interactions-{ABROAD}-5-0"
    found = _trace(asked + place)
    found.take_interaction(_sent(nameless, 5, ABROAD))
    found.take_interaction(_sent(nameless | {"event_id": called + place}, 9))
    assert found.home == Cursor("T", HOME, 9, 0)
    event = Event("u1", "i1", "click", 1.0, 5, event_hash(called + place), found.home)
    example = UserState("u1").apply(event)
    assert example is not None
    run = example_codec.pack(ExampleRun("T", HOME, (9, 0), (9, 0), [example]))
    found.take_example(Record(0, 2, f"T-{HOME}".encode(), run, 1_021, {}))
    assert [step.what for step in found.trace().steps] == ["sent", "sent", "made an example"]


def test_a_restored_event_without_an_id_is_called_by_where_it_lay_first() -> None:
    nameless = {name: value for name, value in EVENT.items() if name != "event_id"}
    found = _trace("before:interactions-3-17-1")
    origin = {"origin": b"before:interactions-3-17"}
    found.take_interaction(_sent([nameless, nameless], 4, headers=origin))
    assert found.home == Cursor("T", HOME, 4, 1)


@pytest.mark.parametrize(
    ("value", "is_refused"),
    [
        (json.dumps(EVENT | {"action": "klick"}).encode(), True),
        (json.dumps(EVENT).encode()[:-1], True),
        (json.dumps(EVENT | {"event_id": "e-2", "item_id": "é-1"}).encode(), False),
        (b'{"event_id": "e-2"', False),
    ],
    ids=["wrong field", "cut off", "another's", "another's, cut off"],
)
def test_a_refused_event_is_found_by_what_can_be_read_of_it(value: bytes, is_refused: bool) -> None:
    found = _trace()
    error = RefusalError("invalid", "$.action", "no such action")
    letter = DeadLetter(
        "t-interactions", 1, 2, 0, "u1", base64.b64encode(value).decode(), False, "", error, 7
    )
    found.take_dead_letter(Record(0, 3, b"u1", b"no letter", 1_000, {}))
    found.take_dead_letter(Record(0, 4, b"u1", msgspec.json.encode(letter), 1_000, {}))
    trace = found.trace()
    assert trace.outcome == ("refused" if is_refused else "not found")
    assert [step.note for step in trace.steps] == (
        ["t-interactions-1-2-0: invalid at $.action: no such action"] if is_refused else []
    )


def test_a_refused_event_is_found_where_letters_keep_nothing_of_what_was_refused() -> None:
    found = _trace()
    found.take_interaction(_sent([EVENT | {"event_id": "e-2"}, EVENT | {"action": "klick"}], 2))
    error = RefusalError("invalid", "$[1].action", "Invalid enum value …")
    for index in (0, 1):
        letter = DeadLetter("t-interactions", HOME, 2, index, None, "", True, "", error, 7)
        found.take_dead_letter(Record(0, 4 + index, b"", msgspec.json.encode(letter), 1_000, {}))
    trace = found.trace()
    assert trace.outcome == "refused"
    assert _steps(trace) == [("refused", 0, 5, 0)]
