import base64
import hashlib
import json
from typing import Any

import msgspec

from streams.dead_letters import TEXT_LIMIT, VALUE_LIMIT, letter
from streams.decoding import EventDecoder, Refusal
from streams.events import DeadLetter, Interaction, RefusalError
from streams.producer import Outgoing
from streams.settings import Settings
from streams.topics import MIB
from tests.streams.records import record

SETTINGS = Settings(topic_prefix="shop-")
ERROR = RefusalError("invalid", "$[3].price", "Expected `float`")


def read(outgoing: Outgoing) -> DeadLetter:
    return msgspec.json.decode(outgoing.value or b"", type=DeadLetter)


def refused(value: Any, **more: Any) -> Outgoing:  # noqa: ANN401  # any JSON
    source = record("shop-interactions", value, **more)
    (refusal,) = EventDecoder(Interaction).decode(source.value).refusals
    return letter(SETTINGS, "interactions", source, refusal, 77)


def test_a_letter_has_the_place_the_reason_and_the_event_alone() -> None:
    source = record("shop-media", [1, 2], partition=2, offset=9, key="i")
    sent = letter(SETTINGS, "media", source, Refusal(1, b"2", ERROR), 77)
    assert (sent.topic, sent.key, sent.partition) == ("shop-dead-letters", b"i", -1)
    assert read(sent) == DeadLetter(
        topic="shop-media",
        partition=2,
        offset=9,
        index=1,
        key="i",
        value_b64=base64.b64encode(b"2").decode(),
        truncated=False,
        sha256=hashlib.sha256(b"2").hexdigest(),
        error=ERROR,
        timestamp_ms=77,
    )


def test_a_long_value_is_cut_and_its_hash_is_of_the_whole() -> None:
    value = bytes(range(256)) * 1025
    dead = read(letter(SETTINGS, "media", record("media", b"?"), Refusal(0, value, ERROR), 0))
    assert dead.truncated
    assert base64.b64decode(dead.value_b64) == value[:VALUE_LIMIT]
    assert dead.sha256 == hashlib.sha256(value).hexdigest()


def test_keys_may_be_missing_or_no_text() -> None:
    assert read(refused(b"", key=None)).key is None
    source = record("shop-interactions", b"")
    source = type(source)(**{**source.__dict__, "key": b"a\xff"})
    assert read(letter(SETTINGS, "interactions", source, Refusal(0, b"", ERROR), 0)).key == "a\ufffd"


def test_whatever_is_refused_its_letter_fits_the_topic() -> None:
    huge = "\x01" * 900_000
    good = {"user_id": "u", "item_id": "i", "action": "click"}
    for value in (
        good | {huge: 1},
        good | {"action": huge},
        {huge: huge[:100]},
        huge.encode(),
        [huge],
        good | {"user_id": huge},
    ):
        sent = refused(value, key=huge)
        assert len(sent.value or b"") + len(sent.key or b"") < MIB - 4096
        dead = read(sent)
        assert len(dead.error.message) <= TEXT_LIMIT
        assert len(dead.error.path) <= TEXT_LIMIT
        whole = value if isinstance(value, bytes) else json.dumps(value).encode()
        assert base64.b64decode(dead.value_b64)[:1000] in whole
