import asyncio
from unittest.mock import patch

from streams.auditing.needle import Needle
from streams.auditing.topics import REMAINDER, REPLACED, Hit, Statement, finds_of, hits_of
from streams.events import Receipt
from streams.settings import Settings
from streams.topics import table
from tests.streams.auditing.reading import reading, sent

ROWS = table(Settings())
NOW_MS = 1_000
RECEIPT = Receipt("r", "u", {}, {"interactions": 2_000, "users": 1_500, "requests": 999}, 2_000, 500)
STATEMENT = Statement(RECEIPT, 510)


def hit(offset: int, timestamp_ms: int = 100, *, is_key: bool = True, is_gone: bool = False) -> Hit:
    return Hit(0, offset, timestamp_ms, is_key, is_gone)


def judged(
    base: str, *hits: Hit, statement: Statement | None = STATEMENT
) -> dict[str, tuple[int, int | None]]:
    finds = finds_of(ROWS[base], list(hits), statement, NOW_MS)
    return {find.what: (find.count, find.until_ms) for find in finds}


def test_what_was_written_before_the_receipt_may_stay_as_long_as_it_says() -> None:
    assert judged("interactions", hit(0), hit(1, 510), hit(2, 511)) == {
        REMAINDER: (2, 2_000),
        "written after the erasure": (1, None),
    }
    assert judged("requests", hit(0)) == {"named for longer than the receipt states": (1, None)}
    assert judged("model", hit(0)) == {"named for longer than the receipt states": (1, None)}


def test_without_a_receipt_nothing_may() -> None:
    assert judged("interactions", hit(0), statement=None) == {"named, and there is no receipt": (1, None)}


def test_in_a_compacted_topic_only_what_a_tombstone_or_stub_replaced_goes_away() -> None:
    gone = hit(5, is_gone=True)
    assert judged("users", hit(0), hit(1), gone) == {REPLACED: (3, 1_500)}
    assert judged("users", gone, hit(6), hit(2, is_key=False)) == {
        REPLACED: (1, 1_500),
        "a value that nothing has replaced": (2, None),
    }


def test_several_users_are_looked_for_at_once() -> None:
    records = [sent("a", {"items": []}, 0), sent("b", {"of": "a"}, 1), sent("c", {}, 2), sent("b", None, 3)]
    with patch("streams.auditing.topics.read_topic", reading(records)):
        reads = hits_of(Settings(), ROWS["recommendations"], [Needle("a"), Needle("b"), Needle("d")])
        hits, count = asyncio.run(reads)
    assert count == 4
    assert {name: [(h.offset, h.is_key, h.is_gone) for h in found] for name, found in hits.items()} == {
        "a": [(0, True, False), (1, False, False)],
        "b": [(1, True, False), (3, True, True)],
        "d": [],
    }
