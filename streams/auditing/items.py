"""A deleted item: everything searched for it, and what is found judged by what deletion promises.

It is in nobody's newest list and in no answer any more, and has no document, no embedding and no vector. Its id stays:
in users' histories, in what was learned of it, and in logs until Kafka's retention removes them.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator, Sequence

import msgspec
from confluent_kafka.admin import AdminClient

from online.state_codec import item_ids
from streams.auditing.files import CONTENTS, Named, search_home, search_store
from streams.auditing.finds import Audit, DeletedItem, Find
from streams.auditing.needle import Needle
from streams.auditing.topics import REMAINDER
from streams.auditing.workers import search_workers
from streams.follower import Record, read_topic
from streams.publications import ITEM_PREFIX
from streams.settings import Settings
from streams.topics import Topic, table

SLACK_MS = 60_000
"""How long after an item's deletion an answer may still have it, that was being made meanwhile."""
DOCUMENTS = "recommender.catalogue/catalogue documents"
"""The part of a snapshot that documents would be in, if there were any."""
MENTIONS = {
    "recommendations": "in the reasons, the cause or the reserve of a list, not in the list",
    "users": "in the histories of users, which keep what was had",
    "rules": "in a rule, which is the operator's",
    "items": "in the document of another item",
}
"""By compacted topic: where its records name an item that is not theirs, and may."""
REPLACED = "replaced values and tombstones, until compaction removes them"
LEARNED = "what was learned of it, under its id, and that it is in no list"


class _Listing(msgspec.Struct):
    item_id: str


class _Listings(msgspec.Struct):
    """As much of a list or an answer as says what is in it."""

    items: list[_Listing]


class Hit(msgspec.Struct):
    """A record that names the item."""

    key: bytes
    offset: int
    timestamp_ms: int
    is_own: bool
    """Whether it is the item's document, embedding, vector or media event."""
    is_gone: bool
    """A tombstone."""
    is_listing: bool
    """Whether it is a list or an answer that has it."""


class Hits(msgspec.Struct):
    """What was read of one topic."""

    hits: list[Hit]
    newest: dict[bytes, int]
    """Offset of each key's newest record; a key's records lie in one partition."""
    count: int = 0

    def is_replaced(self, hit: Hit) -> bool:
        """Whether compaction is going to remove it, since something of its key came later."""
        return self.newest[hit.key] > hit.offset


_decode_listings = msgspec.json.Decoder(_Listings).decode


async def audit_item(
    admin: AdminClient, settings: Settings, item_id: str, workers: Sequence[str] = ()
) -> Audit:
    """Looks for a deleted item everywhere; arguments and errors as for `audit_users`."""
    needle = Needle(item_id)
    rows = table(settings)
    read = await asyncio.gather(*(hits_of(settings, row, needle) for row in rows.values()))
    hits = dict(zip(rows, read, strict=True))
    searched = {base: of_topic.count for base, of_topic in hits.items()}
    of_store, searched["files of the store"] = await asyncio.to_thread(search_store, settings, [needle])
    of_home, searched["files of the home"] = await asyncio.to_thread(search_home, settings, [needle])
    holdings, problems, searched["workers"] = await asyncio.to_thread(
        search_workers, admin, settings, "item", [item_id], workers
    )
    deleted_ms = max((hit.timestamp_ms for hit in hits["items"].hits if hit.is_gone), default=None)
    finds = [find for base, row in rows.items() for find in finds_of(row, hits[base], deleted_ms)]
    finds += [in_store(named) for named in of_store]
    finds += [in_home(named) for named in of_home]
    finds += [Find(f"worker {held.worker}", f"held in {held.store}", 1, is_leak=True) for held in holdings]
    return Audit([DeletedItem(item_id, finds, deleted_ms)], problems, searched)


async def hits_of(settings: Settings, row: Topic, needle: Needle) -> Hits:
    """The records of a topic that name the item."""
    found = Hits([], {})
    own = {needle.id.encode(), ITEM_PREFIX + needle.id.encode()}

    def take(record: Record) -> None:
        found.count += 1
        found.newest[record.key] = record.offset
        is_own = record.key in own and row.name in ("media", "items", "embeddings", "model")
        if is_own or _names(needle, row, record):
            is_listing = not is_own and _lists(needle, row, record)
            hit = Hit(
                record.key, record.offset, record.timestamp_ms, is_own, record.value is None, is_listing
            )
            found.hits.append(hit)

    await read_topic(settings, row.name, range(row.partitions), take)
    return found


def _names(needle: Needle, row: Topic, record: Record) -> bool:
    if row.name == "users" and record.value is not None:
        return needle.id in item_ids(record.value)
    parts = (record.key, record.value, *record.headers.values())
    return any(needle.in_value(part) for part in parts if part)


def _lists(needle: Needle, row: Topic, record: Record) -> bool:
    if row.name not in ("recommendations", "responses") or record.value is None:
        return False
    try:
        found = _decode_listings(record.value)
    except msgspec.DecodeError:
        return True  # nobody can say that it does not
    return any(item.item_id == needle.id for item in found.items)


def finds_of(row: Topic, hits: Hits, deleted_ms: int | None) -> Iterator[Find]:
    """The hits, by why they may be there or may not."""
    judged = Counter(_judged(row, hit, hits, deleted_ms) for hit in hits.hits)
    for (what, is_leak), count in judged.items():
        yield Find(f"topic {row.name}", what, count, is_leak)


def _judged(row: Topic, hit: Hit, hits: Hits, deleted_ms: int | None) -> tuple[str, bool]:
    if row.cleanup == "delete":
        is_late = hit.is_listing and deleted_ms is not None and hit.timestamp_ms > deleted_ms + SLACK_MS
        return ("in an answer, after it was deleted", True) if is_late else (REMAINDER, False)
    if hit.is_gone or hits.is_replaced(hit):
        return REPLACED, False
    if hit.is_own:
        return "a value that nothing has replaced", True
    if hit.is_listing:
        return "in the newest list of a user", True
    mention = MENTIONS.get(row.name)
    return ("named in another's record", True) if mention is None else (mention, False)


def in_store(named: Named) -> Find:
    """A file of the store that names the item: it may have the id, and nothing of what the item is made of."""
    is_leak = not {CONTENTS, DOCUMENTS}.isdisjoint(named.parts)
    what = f"named in {', '.join(named.parts)}" if is_leak else LEARNED
    return Find(f"store {named.name}", what, len(named.parts), is_leak)


def in_home(named: Named) -> Find:
    """A file of the home that names the item: logs may."""
    is_log = named.name.endswith(".log")
    return Find(f"file {named.name}", "named in a log" if is_log else "named in it", 1, not is_log)
