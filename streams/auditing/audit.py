"""The whole search, in one answer."""

import asyncio
from collections.abc import Sequence

from confluent_kafka.admin import AdminClient

from streams.auditing.files import search_home, search_store
from streams.auditing.finds import Audit, Find
from streams.auditing.needle import Needle
from streams.auditing.topics import finds_of, hits_of, statement_for
from streams.auditing.workers import search_workers
from streams.clock import now_ms
from streams.settings import Settings
from streams.topics import table


async def audit(admin: AdminClient, settings: Settings, user_id: str, workers: Sequence[str] = ()) -> Audit:
    """Looks for a user in every topic of the table, every file, and every live worker.

    Args:
        admin: Of the cluster.
        settings: The deployment's.
        user_id: Who should be nowhere.
        workers: `host:port` of metrics of workers that are not on this host.

    Raises:
        KafkaException: The cluster does not answer.
        StoreError: The store cannot be read.
    """
    needle = Needle(user_id)
    statement = await statement_for(settings, user_id)
    finds: list[Find] = []
    searched: dict[str, int] = {}
    rows = table(settings)
    # Each waits for Kafka most of the time.
    read = await asyncio.gather(*(hits_of(settings, row, needle) for row in rows.values()))
    hits = {base: of_topic for base, (of_topic, _) in zip(rows, read, strict=True)}
    searched |= {base: count for base, (_, count) in zip(rows, read, strict=True)}
    is_item = any(hit.is_key for hit in hits["items"])
    for base, row in rows.items():
        if row.names_users or not is_item:
            finds += finds_of(row, hits[base], statement, now_ms())
    in_store, searched["files of the store"] = await asyncio.to_thread(
        search_store, settings, needle, is_item
    )
    in_home, searched["files of the home"] = await asyncio.to_thread(search_home, settings, needle)
    of_workers, problems, searched["workers"] = await asyncio.to_thread(
        search_workers, admin, settings, user_id, statement, now_ms(), workers
    )
    receipt = None if statement is None else statement.receipt
    finds += in_store + in_home + of_workers
    return Audit(user_id, receipt, is_item, finds, problems, searched)
