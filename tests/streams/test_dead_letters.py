import base64
import hashlib
import json
from typing import Any, get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from streams.dead_letters import TEXT_LIMIT, VALUE_LIMIT, letter, read_letter
from streams.decoding import EventDecoder, Refusal
from streams.events import Action, DeadLetter, Interaction, RefusalError
from streams.oversized import Oversized
from streams.producer import Outgoing
from streams.pseudonyms import NO_PSEUDONYM
from streams.settings import Settings
from streams.topics import MIB
from tests.streams.records import record

ACTIONS = " ".join(sorted(get_args(Action)))
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
        size_bytes=1,
    )


def test_of_what_was_not_read_nothing_is_said() -> None:
    dead = read(refused(Oversized()))
    assert (dead.error.code, dead.value_b64, dead.sha256) == ("too_large", "", "")
    assert (dead.truncated, dead.size_bytes) == (True, None)


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


REASONS = Settings(dead_letters="reasons")
MARK = "Xyzzy"
"""Is in everything that a client wrote."""
MARKED = st.text(st.sampled_from(" '`\"\\$.[:é\n"), max_size=6).map(lambda text: f"{text}{MARK}{text}")


def reasons(value: bytes, settings: Settings = REASONS) -> list[DeadLetter]:
    source = record("interactions", value, key=MARK, offset=9)
    refusals = EventDecoder(Interaction).decode(value).refusals
    return [read(letter(settings, "interactions", source, refusal, 77)) for refusal in refusals]


@given(MARKED, st.sampled_from(["user_id", "item_id", "action", "value", "context", "list_id"]))
@example(f"x - at `$.{MARK}`", "action")
@example(f"unknown field `{MARK}`", "action")
def test_a_letter_of_reasons_has_nothing_that_the_event_said(text: str, field: str) -> None:
    good = {"user_id": "u", "item_id": "i", "action": "click"}
    for wrong in (
        {field: [text]},
        {"action": text},
        {text: 1},
        {"context": {text: [1]}},
        {"item_id": {text: text}},
    ):
        for value in (good | wrong, [good, good | wrong]):
            (dead,) = reasons(json.dumps(value).encode())
            assert MARK not in msgspec.json.encode(dead).decode()
            assert (dead.key, dead.value_b64, dead.sha256, dead.truncated) == (None, "", "", True)
            assert (dead.offset, dead.size_bytes) == (9, len(json.dumps(good | wrong)))


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b'{"user_id":5}', RefusalError("invalid", "$.user_id", "Expected `str`, got `int`")),
        (
            b'[{"user_id":"u","item_id":"i","action":"buy"}]',
            RefusalError("invalid", "$[0].action", f"Expected one of {ACTIONS}, got …"),
        ),
        (
            b'{"user":"u"}',
            RefusalError("unknown_field", "$", "Object contains a field that is unknown: a typing error?"),
        ),
        (b"{", RefusalError("malformed", "$", "Input data was truncated")),
        (b"", RefusalError("empty", "$", "the message has no value")),
    ],
)
def test_a_letter_of_reasons_still_says_what_is_wrong_and_where(value: bytes, said: RefusalError) -> None:
    assert [dead.error for dead in reasons(value)] == [said]


def test_of_what_failed_within_there_is_the_kind_of_error_alone() -> None:
    error = RefusalError("internal", "$", f"KeyError: '{MARK}'")
    (dead,) = [
        read(letter(REASONS, "interactions", record("interactions", b"?"), Refusal(0, b"x", error), 0))
    ]
    assert dead.error == RefusalError("internal", "$", "KeyError")


@pytest.mark.parametrize(
    ("settings", "code", "keeps"),
    [
        (Settings(), "invalid", True),
        (Settings(pseudonyms="01234567"), "invalid", False),
        (Settings(pseudonyms="01234567", dead_letters="whole"), "invalid", True),
        (Settings(pseudonyms="01234567", dead_letters="whole"), NO_PSEUDONYM, False),
        (REASONS, "invalid", False),
    ],
)
def test_what_is_kept_is_for_the_operator_to_say_but_for_users_own_ids(
    settings: Settings, code: str, keeps: bool
) -> None:
    refusal = Refusal(0, b"x", RefusalError(code, "$", ""))
    dead = read(letter(settings, "interactions", record("interactions", b"x"), refusal, 0))
    assert (dead.key, dead.value_b64, dead.truncated) == (("k", "eA==", False) if keeps else (None, "", True))


@pytest.mark.parametrize(
    "value",
    [
        None,
        b"",
        b"\xff",
        b"{}",
        b"null",
        msgspec.json.encode(DeadLetter("t", 0, 0, 0, None, "a", False, "", ERROR, 7)),
    ],
)
def test_what_is_no_letter_is_read_as_none(value: bytes | None) -> None:
    assert read_letter(value) is None


def test_a_letter_is_read_as_it_was_written() -> None:
    sent = refused({"user_id": "u"})
    assert read_letter(sent.value) == read(sent)
