"""What clients write to `interactions`: good, retried, misrouted, packed and bad events, for hypothesis."""

from typing import Any, NamedTuple

import msgspec
from hypothesis import strategies as st

from streams.topics import home_partition
from tests.flow.river import PARTITIONS

START_MS = 1_600_000_000_000


class Message(NamedTuple):
    """One message, where a client put it."""

    value: bytes
    partition: int


_events = st.fixed_dictionaries(
    {
        "user_id": st.sampled_from("abcde"),
        "item_id": st.sampled_from("123456"),
        "action": st.sampled_from(["click", "purchase", "hide", "skip"]),
        # Few, so that sets form and close and form again.
        "timestamp_ms": st.integers(0, 5).map(lambda n: START_MS + n * 1_000),
    },
    optional={"event_id": st.sampled_from([f"e{n}" for n in range(12)]), "value": st.floats(0, 5, width=16)},
)
_bad = st.sampled_from([b"", b"\xff\x00", b"{", b"[]", b'{"user_id":"a"}', b'[{"user_id":"a"},5]'])


@st.composite
def _message(draw: st.DrawFn) -> Message:
    partition = draw(st.integers(0, PARTITIONS - 1))
    kind = draw(st.sampled_from(["home", "home", "home", "astray", "packed", "bad"]))
    if kind == "bad":
        return Message(draw(_bad), partition)
    if kind == "packed":
        events: list[Any] = draw(st.lists(_events, min_size=1, max_size=5))
        return Message(msgspec.json.encode(events), partition)
    event = draw(_events)
    home = home_partition(event["user_id"], PARTITIONS)
    return Message(msgspec.json.encode(event), home if kind == "home" else partition)


streams_of_messages = st.lists(_message(), min_size=1, max_size=25)
"""Equal event ids make retries; equal messages, too."""


class Crashes(NamedTuple):
    """Where processes end: after how many messages each one dies, and whether what it had done was acknowledged."""

    after: list[int]
    before_ack: list[bool]


crash_plans = st.builds(
    Crashes,
    st.lists(st.integers(0, 12), max_size=6),
    st.lists(st.booleans(), max_size=10),
)
