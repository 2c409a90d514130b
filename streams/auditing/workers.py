"""Every live worker, asked what it holds."""

from collections.abc import Iterator, Sequence
from typing import Literal
from urllib.error import URLError
from urllib.parse import urlencode

import msgspec
from confluent_kafka.admin import AdminClient

from streams.discovery import open_worker
from streams.holders import Held
from streams.lag import inhabited_roles
from streams.settings import Settings
from streams.status import WorkerStatus, read_workers
from streams.topics import group_name

ASK_S = 15.0
AT_ONCE = 32
"""Ids asked for in one request: its line has to stay short enough for the server."""

_decode = msgspec.json.Decoder(Held).decode


class Holding(msgspec.Struct, frozen=True):
    """A store of a worker that holds something of somebody, or of an item."""

    id: str
    """Of whom."""
    worker: str
    """Its role and address."""
    store: str


def search_workers(
    admin: AdminClient,
    settings: Settings,
    kind: Literal["user", "item"],
    ids: Sequence[str],
    more: Sequence[str] = (),
) -> tuple[list[Holding], list[str], int]:
    """Asks the tenant's workers on this host, and `more` at `host:port`.

    Returns:
        What they hold, what could not be looked at, and how many answered.
    """
    workers = read_workers(settings)
    workers += [WorkerStatus("", address, f"http://{address}/metrics") for address in more]
    holdings: list[Holding] = []
    answered: dict[str, str] = {}
    for address in (worker.metrics.removesuffix("/metrics") for worker in workers):
        try:
            answers = list(_answers(address, kind, ids))
        except (URLError, TimeoutError, ValueError, msgspec.DecodeError, ConnectionError):
            continue
        for answer in answers:
            answered[address] = answer.role
            name = f"{answer.role} {address}"
            holdings += [Holding(i, name, store) for store, held in answer.holds.items() for i in held]
    roles = list(answered.values())
    problems = [
        f"{roles.count(role)} of {count} {role} workers answered: name the others' metrics with --worker HOST:PORT"
        for role, count in _members(admin, settings).items()
        if roles.count(role) < count
    ]
    return holdings, problems, len(answered)


def _answers(address: str, kind: str, ids: Sequence[str]) -> Iterator[Held]:
    for start in range(0, len(ids), AT_ONCE):
        query = urlencode([(kind, one) for one in ids[start : start + AT_ONCE]])
        with open_worker(f"{address}/audit?{query}", timeout=ASK_S) as response:
            yield _decode(response.read())


def _members(admin: AdminClient, settings: Settings) -> dict[str, int]:
    """How many workers of each role are in its group."""
    names = {group_name(settings, role): role for role in inhabited_roles(admin, settings)}
    if not names:
        return {}
    found = admin.describe_consumer_groups(list(names))
    return {role: len(found[name].result(timeout=10).members) for name, role in names.items()}
