"""Users: everything searched for them once, and what is found of each judged by the receipt of their erasure."""

import asyncio
from collections.abc import Iterator, Sequence

from confluent_kafka.admin import AdminClient

from streams.auditing.files import Named, search_home, search_store
from streams.auditing.finds import Audit, ErasedUser, Find
from streams.auditing.needle import Needle
from streams.auditing.topics import Hit, Statement, finds_of, hits_of, statements_for
from streams.auditing.workers import Holding, search_workers
from streams.clock import now_ms
from streams.retention import MARGIN_MS
from streams.settings import Settings
from streams.topics import table

STUBS = "stubs"
"""Where a worker holds what the receipt allows for a while."""
BY_ITEM = "recommender."
"""How parts of a snapshot begin that are kept by item."""


async def audit_users(
    admin: AdminClient, settings: Settings, user_ids: Sequence[str], workers: Sequence[str] = ()
) -> Audit:
    """Looks for users in every topic of the table, every file, and every live worker; all of them in one pass.

    Args:
        admin: Of the cluster.
        settings: The deployment's.
        user_ids: Who should be nowhere.
        workers: `host:port` of metrics of workers that are not on this host.

    Raises:
        KafkaException: The cluster does not answer.
        StoreError: The store cannot be read.
    """
    needles = [Needle(user_id) for user_id in dict.fromkeys(user_ids)]
    ids = [needle.id for needle in needles]
    rows = table(settings)
    statements = await statements_for(settings, ids)
    # Each waits for Kafka most of the time.
    read = await asyncio.gather(*(hits_of(settings, row, needles) for row in rows.values()))
    hits = {base: of_topic for base, (of_topic, _) in zip(rows, read, strict=True)}
    searched = {base: count for base, (_, count) in zip(rows, read, strict=True)}
    in_store, searched["files of the store"] = await asyncio.to_thread(search_store, settings, needles)
    in_home, searched["files of the home"] = await asyncio.to_thread(search_home, settings, needles)
    holdings, problems, searched["workers"] = await asyncio.to_thread(
        search_workers, admin, settings, "user", ids, workers
    )
    subjects = []
    for user_id in ids:
        statement = statements.get(user_id)
        of_user = {base: by_user[user_id] for base, by_user in hits.items()}
        is_item = any(hit.is_key for hit in of_user["items"])
        finds = [
            *_in_topics(settings, of_user, statement, is_item),
            *_in_store([named for named in in_store if named.id == user_id], is_item),
            *(_in_file(named) for named in in_home if named.id == user_id),
            *(_in_worker(held, statement) for held in holdings if held.id == user_id),
        ]
        receipt = None if statement is None else statement.receipt
        subjects.append(ErasedUser(user_id, finds, receipt, is_item))
    return Audit(subjects, problems, searched)


def _in_topics(
    settings: Settings, hits: dict[str, list[Hit]], statement: Statement | None, is_item: bool
) -> Iterator[Find]:
    for base, row in table(settings).items():
        if row.names_users or not is_item:
            yield from finds_of(row, hits[base], statement, now_ms())


def _in_store(in_store: Sequence[Named], is_item: bool) -> Iterator[Find]:
    """Where an item has the same id, what is kept by item counts for it."""
    for named in in_store:
        parts = [part for part in named.parts if not (is_item and part.startswith(BY_ITEM))]
        if parts:
            yield Find(f"store {named.name}", f"named in {', '.join(parts)}", len(parts), is_leak=True)


def _in_file(named: Named) -> Find:
    return Find(f"file {named.name}", "named in it", 1, is_leak=True)


def _in_worker(held: Holding, statement: Statement | None) -> Find:
    until_ms = None
    if held.store == STUBS and statement is not None and now_ms() <= statement.written_ms + MARGIN_MS:
        until_ms = statement.written_ms + MARGIN_MS
    return Find(f"worker {held.worker}", f"held in {held.store}", 1, until_ms is None, until_ms)
