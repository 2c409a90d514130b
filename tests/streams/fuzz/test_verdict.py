"""The account that is kept of a run notices what is lost, made up or refused for no reason."""

import json
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from streams.fuzz import verdict
from streams.fuzz.expected import Expected
from streams.fuzz.messages import Message
from streams.fuzz.mutations import Mutation
from streams.fuzz.observed import tracebacks
from streams.settings import Settings
from streams.soak.reference import LogRecord
from streams.topics import home_partition

GOOD = {"user_id": "u", "item_id": "i", "action": "click"}
HOME = home_partition("u", 12)


def _record(value: Any, partition: int = HOME, offset: int = 0, key: bytes | None = b"u") -> LogRecord:  # noqa: ANN401  # any JSON
    data = value if value is None or isinstance(value, bytes) else json.dumps(value).encode()
    return LogRecord("t", "id", partition, offset, 0, key, data)


@pytest.fixture
def expected() -> Expected:
    return Expected(Settings(kafka="nowhere:1"))


def test_events_are_worked_at_home_and_sent_there_from_elsewhere(expected: Expected) -> None:
    records = [_record(GOOD), _record([GOOD, GOOD], (HOME + 1) % 12), _record({}, HOME, 7)]
    expected.take("interactions", records)
    assert (expected.accepted["interactions"], expected.astray["interactions"]) == (1, 2)
    assert expected.refused == {("interactions", HOME, 7, 0): ("invalid", "$")}


def test_requests_are_answered_and_erasures_receipted_at_home_only(expected: Expected) -> None:
    ask = {"request_id": "r"}
    expected.take("requests", [_record(ask, 3), _record(ask | {"user_id": "u"}, (HOME + 1) % 12)])
    assert expected.answers == {"r": 1}
    erasure = {"user_id": "u", "request_id": "e"}
    expected.take("erasures", [_record(erasure), _record(erasure | {"request_id": "f"}, (HOME + 1) % 12)])
    assert expected.receipts == {("u", "e")}


def test_tombstones_of_media_delete_what_their_key_names(expected: Expected) -> None:
    home = home_partition("i", 4)
    gone, astray, unnamed = (
        _record(None, home, 5, b"i"), _record(None, (home + 1) % 4, 6, b"i"), _record(None, 0, 7, b"\xff"),
    )  # fmt: skip
    expected.take("media", [gone, astray, unnamed, _record(None, 0, 8, None)])
    assert expected.documents == {"i": (home, 5)}
    assert (expected.accepted["media"], expected.astray["media"]) == (1, 1)
    assert expected.refused == {("media", 0, 7, 0): ("invalid", "$"), ("media", 0, 8, 0): ("empty", "$")}


def test_a_log_is_searched_for_tracebacks() -> None:
    log = "fine\nTraceback (most recent call last):\n  File x\n    raise\nValueError: no\nfine\n" * 2
    assert tracebacks(log.splitlines(keepends=True)) == {"ValueError: no": 2}


PLACE = ("interactions", 3, 17, 0)
INVALID = ("invalid", "$.action")


def _said(of: dict[Any, Any], letters: dict[Any, Any], refused: bool | None = None) -> str:
    kind = Mutation("kind", lambda *_: b"", refused=refused)
    made = {("interactions", 3, 17): Message("interactions", None, None, -1, [], kind)}
    account, seen = cast(Any, SimpleNamespace(refused=of)), cast(Any, SimpleNamespace(letters=letters))
    return " ".join(verdict._refusals(account, seen, made))


@pytest.mark.parametrize(
    ("of", "letters", "refused", "says"),
    [
        ({PLACE: INVALID}, {PLACE: INVALID}, True, ""),
        ({}, {}, False, ""),
        ({}, {PLACE: ("too_large", "$")}, False, ""),
        ({PLACE: INVALID}, {}, None, "1 refused events without a dead letter"),
        ({}, {PLACE: INVALID}, None, "1 dead letters of events that are valid"),
        ({}, {PLACE: ("internal", "$")}, None, "1 dead letters of events that are valid"),
        ({PLACE: INVALID}, {PLACE: ("invalid", "$")}, None, "another code or path"),
        ({PLACE: ("invalid", "")}, {PLACE: ("invalid", "")}, None, "without a path"),
        ({}, {}, True, "made by 'kind', which has to be refused"),
        ({PLACE: INVALID}, {PLACE: INVALID}, False, "made by 'kind', which has to be accepted"),
    ],
)
def test_dead_letters_have_to_be_those_of_the_refused_events(
    of: dict[Any, Any], letters: dict[Any, Any], refused: bool | None, says: str
) -> None:
    said = _said(of, letters, refused)
    assert says in said
    assert bool(said) == bool(says)


def test_what_lies_astray_and_never_came_home_is_noticed() -> None:
    account = cast(Any, SimpleNamespace(astray=Counter(interactions=5)))
    sender = cast(Any, SimpleNamespace(sent=Counter(interactions=100)))
    refused = cast(Any, SimpleNamespace(letters={PLACE: ("too_large", "$")}))
    assert list(verdict._counted(account, refused, {"interactions": 104}, sender)) == []
    (said,) = verdict._counted(account, refused, {"interactions": 103}, sender)
    assert said == "interactions: 1 of 5 events on a foreign partition never came home"


def test_lists_and_documents_that_are_behind_are_noticed(expected: Expected) -> None:
    sender = cast(Any, SimpleNamespace(last_honest={"honest-1": (3, 7), "honest-2": (4, 1)}))
    seen = SimpleNamespace(
        lists={"honest-1": (3, 6), "honest-2": (4, 1)}, documents={"i": (1, 4)}, letters={}
    )
    (said,) = verdict._lists(sender, cast(Any, seen))
    assert said.startswith("1 of 200 honest users")
    assert said.endswith(": honest-1")
    expected.documents = {"i": (1, 5), "j": (1, 6)}
    (said,) = verdict._documents(expected, cast(Any, seen))
    assert said.startswith("2 items whose document")
    seen.letters = {("media", 1, 5, 0): ("too_large", "$"), ("media", 1, 6, 0): ("too_large", "$")}
    assert list(verdict._documents(expected, cast(Any, seen))) == []


def test_wrong_rules_are_told_from_right_ones() -> None:
    assert [verdict._is_wrong(rules) for rules in (None, b"", b"a = 1", b"\xff", b"a = " + b"[" * 10_000)] == [
        False, False, True, True, True,
    ]  # fmt: skip


def test_a_worker_that_does_not_answer_is_a_finding_and_no_end(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(*_: object) -> int:
        msg = "Connection refused"
        raise ConnectionRefusedError(msg)

    monkeypatch.setattr(verdict, "metric_total", refused)
    cluster: Any = None
    said = list(verdict._counted_by_workers(Settings(kafka="nowhere:1"), cluster))
    assert said == ["a worker does not say what it counted: Connection refused"]
