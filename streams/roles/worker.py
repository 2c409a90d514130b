"""What every worker has, whatever its role."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import faust
from confluent_kafka.admin import AdminClient

from streams.holders import Stores
from streams.liveness import Liveness
from streams.ownership import Owned, Ownership
from streams.producer import BatchProducer
from streams.settings import Settings
from streams.topics import full_name


@dataclass
class Worker:
    """What every role has."""

    settings: Settings
    admin: AdminClient
    app: faust.App
    producer: BatchProducer
    liveness: Liveness
    failed: "asyncio.Future[None]"
    """Fails when something runs aground; the process then ends and its supervisor starts another."""
    beside: list[Coroutine[Any, Any, None]] = field(default_factory=list)
    """Coroutines that run for ever beside the agents."""
    ownership: Ownership | None = None
    holds: Stores = field(default_factory=dict)
    """By store, whether it holds anything of a user."""
    holds_items: Stores = field(default_factory=dict)
    """By store, whether it holds anything of an item that its deletion should have removed."""

    def fail(self, exc: BaseException) -> None:
        """Ends the worker with this error."""
        if not self.failed.done():
            self.failed.set_exception(exc)

    def owns(self, base: str, owned: Owned, finish: Callable[[], Awaitable[None]]) -> None:
        """Loads what belongs to the partitions of a topic whenever they are assigned."""
        self.ownership = Ownership(self.app, full_name(self.settings, base), owned, finish, self.fail)
