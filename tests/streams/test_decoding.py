import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.decoding import PACKED_LIMIT, EventDecoder
from streams.events import Interaction, Media

GOOD = {"user_id": "u", "item_id": "i", "action": "click"}
decoder = EventDecoder(Interaction)


def test_one_event() -> None:
    decoded = decoder.decode(json.dumps(GOOD).encode())
    assert decoded.events == [(0, Interaction(user_id="u", item_id="i", action="click"))]
    assert not decoded.refusals


def test_packed_events_keep_their_places_and_a_bad_one_refuses_itself_only() -> None:
    bad = GOOD | {"action": "clock"}
    decoded = decoder.decode(json.dumps([GOOD, bad, GOOD]).encode())
    assert [index for index, _ in decoded.events] == [0, 2]
    (refusal,) = decoded.refusals
    assert (refusal.index, refusal.error.code, refusal.error.path) == (1, "invalid", "$[1].action")
    assert json.loads(refusal.value) == bad


@pytest.mark.parametrize(
    ("value", "code", "path"),
    [
        (None, "empty", "$"),
        (b"", "empty", "$"),
        (b"\xff\x00", "malformed", "$"),
        (b'{"user_id":"u"', "malformed", "$"),
        (b"[" * 200_000, "malformed", "$"),
        (b"[]", "packed_size", "$"),
        (b"5", "invalid", "$"),
        (json.dumps(GOOD | {"user_id": ""}).encode(), "invalid", "$.user_id"),
        (json.dumps(GOOD | {"user_id": " "}).encode(), "invalid", "$.user_id"),
        (json.dumps(GOOD | {"user_id": "u" * 257}).encode(), "invalid", "$.user_id"),
        (json.dumps(GOOD | {"value": "much"}).encode(), "invalid", "$.value"),
        (b'{"user_id":"u","item_id":"i","action":"click","value":1e400}', "invalid", "$.value"),
        (json.dumps(GOOD | {"timestamp_ms": -1}).encode(), "invalid", "$.timestamp_ms"),
        (json.dumps(GOOD | {"usr": 1}).encode(), "unknown_field", "$.usr"),
        (json.dumps({"user_id": "u", "action": "click"}).encode(), "invalid", "$"),
    ],
)
def test_refusals_name_code_and_path(value: bytes | None, code: str, path: str) -> None:
    decoded = decoder.decode(value)
    assert not decoded.events
    assert [(r.error.code, r.error.path) for r in decoded.refusals] == [(code, path)]


def test_too_many_packed_events_are_refused_as_one() -> None:
    decoded = decoder.decode(json.dumps([GOOD] * (PACKED_LIMIT + 1)).encode())
    assert [r.error.code for r in decoded.refusals] == ["packed_size"]


def test_unknown_fields_of_a_newer_schema_are_ignored_and_counted() -> None:
    decoded = decoder.decode(json.dumps(GOOD | {"schema_version": 2, "mood": "good"}).encode())
    assert [event.user_id for _, event in decoded.events] == ["u"]
    assert decoded.newer_count == 1


def test_a_newer_schema_does_not_excuse_wrong_values() -> None:
    decoded = decoder.decode(json.dumps(GOOD | {"schema_version": 2, "action": "clock"}).encode())
    assert [r.error.path for r in decoded.refusals] == ["$.action"]


def test_absent_and_null_fields_of_media_differ() -> None:
    decoded = EventDecoder(Media).decode(b'{"item_id":"i","title":null,"image":{"url":"https://x/y"}}')
    media = decoded.events[0][1]
    assert media.title is None
    assert media.text is not None  # UNSET


@given(st.binary(max_size=200))
def test_no_bytes_raise(value: bytes) -> None:
    decoded = decoder.decode(value)
    assert len(decoded.events) + len(decoded.refusals) > 0


_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(string.printable),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*Interaction.__struct_fields__, "x"]), inner)
    ),
    max_leaves=10,
)


@given(_json)
def test_any_json_is_either_events_or_refusals(value: object) -> None:
    decoded = decoder.decode(json.dumps(value).encode())
    count = len(value) if isinstance(value, list) and value else 1
    assert len(decoded.events) + len(decoded.refusals) == count
