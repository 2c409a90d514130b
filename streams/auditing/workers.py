"""Every live worker, asked what it holds."""

import json
from collections.abc import Sequence
from urllib.error import URLError
from urllib.parse import quote
from urllib.request import urlopen

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from streams.auditing.finds import Find
from streams.auditing.topics import Statement
from streams.lag import READS
from streams.retention import MARGIN_MS
from streams.settings import Settings
from streams.status import WorkerStatus, read_workers
from streams.topics import group_name

ASK_S = 15.0
STUBS = "stubs"
"""Where a worker holds what the receipt allows for a while."""


def search_workers(
    admin: AdminClient,
    settings: Settings,
    user_id: str,
    statement: Statement | None,
    now_ms: int,
    more: Sequence[str] = (),
) -> tuple[list[Find], list[str], int]:
    """Asks the workers of this host, and `more` at `host:port`.

    Returns:
        What they hold, what could not be looked at, and how many answered.
    """
    workers = read_workers(settings)
    workers += [WorkerStatus("", address, f"http://{address}/metrics") for address in more]
    finds: list[Find] = []
    answered: dict[str, str] = {}
    for worker in workers:
        address = worker.metrics.removesuffix("/metrics")
        try:
            with urlopen(f"{address}/audit?user={quote(user_id, safe='')}", timeout=ASK_S) as response:
                answer = json.loads(response.read())
        except (URLError, TimeoutError, ValueError, ConnectionError):
            continue
        answered[address] = answer["role"]
        for store in (name for name, holds in answer["holds"].items() if holds):
            until_ms = None
            if store == STUBS and statement is not None and now_ms <= statement.written_ms + MARGIN_MS:
                until_ms = statement.written_ms + MARGIN_MS
            finds.append(Find(f"worker {answer['role']} {address}", f"held in {store}", 1, until_ms))
    roles = list(answered.values())
    problems = [
        f"{roles.count(role)} of {count} {role} workers answered: name the others' metrics with --worker HOST:PORT"
        for role, count in _members(admin, settings).items()
        if roles.count(role) < count
    ]
    return finds, problems, len(answered)


def _members(admin: AdminClient, settings: Settings) -> dict[str, int]:
    """How many workers of each role are in its group."""
    counts: dict[str, int] = {}
    names = {group_name(settings, role): role for role in READS}
    for name, future in admin.describe_consumer_groups(list(names)).items():
        try:
            counts[names[name]] = len(future.result(timeout=10).members)
        except KafkaException:
            continue  # a group that never was
    return counts
