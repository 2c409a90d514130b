"""Every record of every topic, looked through for users, and what the receipts of their erasures say of it."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

import msgspec

from streams.auditing.finds import Find
from streams.auditing.needle import Needle
from streams.events import Receipt
from streams.follower import Record, read_topic
from streams.settings import Settings
from streams.stores.users import STUB_HEADER
from streams.topics import Topic, table

REMAINDER = "until Kafka's retention removes it"
REPLACED = "replaced values, tombstones and stubs, until compaction removes them"

_decode_receipt = msgspec.json.Decoder(Receipt).decode


class Statement(msgspec.Struct, frozen=True):
    """What the newest receipt allows."""

    receipt: Receipt
    written_ms: int
    """Kafka's timestamp of the receipt: what was written later is no remainder."""

    def until_ms(self, base: str, now_ms: int) -> int | None:
        """Until when a topic may still name the user; None if it may not, or not any more."""
        until_ms = self.receipt.held_until_ms.get(base)
        return until_ms if until_ms is not None and now_ms <= until_ms else None


class Hit(msgspec.Struct):
    """A record that names the user."""

    partition: int
    offset: int
    timestamp_ms: int
    is_key: bool
    """Whether the key is the user's id."""
    is_gone: bool
    """A tombstone, or the empty stub of an erased user."""


async def hits_of(
    settings: Settings, row: Topic, needles: Sequence[Needle]
) -> tuple[dict[str, list[Hit]], int]:
    """By user: a topic's records that name them, in order within each partition; and how many there are in all."""
    hits: dict[str, list[Hit]] = {needle.id: [] for needle in needles}
    count = 0

    def take(record: Record) -> None:
        nonlocal count
        count += 1
        is_gone = record.value is None or (row.name == "users" and STUB_HEADER in record.headers)
        parts = [part for part in (record.key, record.value, *record.headers.values()) if part]
        for needle in needles:
            is_key = record.key == needle.id.encode()
            if is_key or any(needle.in_value(part) for part in parts):
                hit = Hit(record.partition, record.offset, record.timestamp_ms, is_key, is_gone)
                hits[needle.id].append(hit)

    await read_topic(settings, row.name, range(row.partitions), take)
    return hits, count


async def statements_for(settings: Settings, user_ids: Collection[str]) -> dict[str, Statement]:
    """The newest receipt of each user who has one."""
    wanted = {user_id.encode() for user_id in user_ids}
    found: dict[str, Statement] = {}

    def take(record: Record) -> None:
        # A user's receipts lie in one partition.
        if record.key in wanted and record.value is not None:
            found[record.key.decode()] = Statement(_decode_receipt(record.value), record.timestamp_ms)

    base = "erasure-receipts"
    await read_topic(settings, base, range(table(settings)[base].partitions), take)
    return found


def finds_of(row: Topic, hits: list[Hit], statement: Statement | None, now_ms: int) -> Iterator[Find]:
    """The hits, by why they may be there or may not."""
    judged = Counter(_judged(row, hit, hits, statement, now_ms) for hit in hits)
    for (what, until_ms), count in judged.items():
        yield Find(f"topic {row.name}", what, count, until_ms is None, until_ms)


def _judged(
    row: Topic, hit: Hit, hits: list[Hit], statement: Statement | None, now_ms: int
) -> tuple[str, int | None]:
    if statement is None:
        return "named, and there is no receipt", None
    until_ms = statement.until_ms(row.name, now_ms)
    if until_ms is None:
        return "named for longer than the receipt states", None
    if row.cleanup == "delete":
        is_later = hit.timestamp_ms > statement.written_ms
        return ("written after the erasure", None) if is_later else (REMAINDER, until_ms)
    if hit.is_gone or _is_replaced(hit, hits):
        return REPLACED, until_ms
    return "a value that nothing has replaced", None


def _is_replaced(hit: Hit, hits: list[Hit]) -> bool:
    """Whether compaction is going to remove a value, since a tombstone or stub of its key came later."""
    return hit.is_key and any(
        other.is_key and other.is_gone and other.partition == hit.partition and other.offset > hit.offset
        for other in hits
    )
