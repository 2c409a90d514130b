import hashlib

import pytest

from online.events import Cursor, Event
from online.state import UserState
from streams.batch import to_event
from streams.event_ids import as_known, event_hash, event_id_of, origin_in
from streams.events import Interaction
from tests.streams.records import TIMESTAMP_MS, record

NAMELESS = Interaction("u", "i", "click")
PLACE = "interactions-9-4-0"


def event(event_id: str, topic_id: str, offset: int) -> Event:
    return Event("u", "i", "click", 1.0, 1, event_hash(event_id), Cursor(topic_id, 3, offset, 0))


def test_hashes_are_64_bits_and_always_the_same() -> None:
    known = int.from_bytes(hashlib.blake2b(b"e-1", digest_size=8).digest(), "little")
    assert event_hash("e-1") == known < 2**64
    assert event_hash("e-2") != known


def test_an_event_without_an_id_is_known_by_its_place_in_that_very_log() -> None:
    lies = record("interactions", {}, partition=3, offset=17)
    assert event_id_of(lies, 2, NAMELESS, "interactions", "T") == "T:interactions-3-17-2"
    assert event_id_of(lies, 2, NAMELESS, "interactions", "anew") == "anew:interactions-3-17-2"
    assert event_id_of(lies, 2, Interaction("u", "i", "click", "own"), "interactions", "T") == "own"


def test_at_the_same_place_of_a_topic_created_anew_lies_another_event() -> None:
    state = UserState("u")
    lies = record("interactions", {}, offset=17)
    is_applied = [
        state.apply(to_event(lies, 0, NAMELESS, log, TIMESTAMP_MS)) is not None
        for log in ("T", "anew", "anew")
    ]
    assert is_applied == [True, True, False]


def test_what_was_restored_keeps_the_id_that_its_first_place_gave_it() -> None:
    restored = record(
        "after-interactions", {}, partition=3, offset=1, headers=(("origin", b"T:interactions-3-17"),)
    )
    assert event_id_of(restored, 2, NAMELESS, "after-interactions", "B") == "T:interactions-3-17-2"
    assert event_id_of(restored, 2, Interaction("u", "i", "click", "own"), "after-interactions", "B") == "own"


@pytest.mark.parametrize(
    "origin", [None, b"", b"\xff\xfe", b"T:i-3", b"T:i-3-17\n", b"T:\xc3\xa9-3-17", b"x" * 10_000]
)
def test_a_client_can_write_anything_where_restored_records_say_where_they_lay(origin: bytes | None) -> None:
    lies = record("interactions", {}, partition=3, offset=17)
    lies.headers = (("origin", b"T:interactions-1-2"), ("origin", origin))
    assert origin_in(lies.headers) is None
    assert event_id_of(lies, 2, NAMELESS, "interactions", "T") == "T:interactions-3-17-2"


@pytest.mark.parametrize(
    ("known", "topic_id", "event_id", "is_known"),
    [
        (PLACE, "T", f"T:{PLACE}", True),
        (PLACE, "former", f"T:{PLACE}", False),
        ("interactions-9-5-0", "T", f"T:{PLACE}", False),
        ("own", "T", "T:own", True),
        (PLACE, "T", f"former:{PLACE}", False),
    ],
    ids=["sent again", "of another log", "of another place", "whatever the rest is", "restored"],
)
def test_what_older_versions_sent_home_they_called_by_its_place_alone(
    known: str, topic_id: str, event_id: str, is_known: bool
) -> None:
    state = UserState("u")
    state.apply(event(known, topic_id, 0))
    again = event(event_id, "T", 1)
    assert (as_known(again, event_id, state).event_hash == event_hash(known)) is is_known
    assert as_known(again, event_id, UserState("u")) is again
