"""Erasures between their marker in the log of examples and their receipt: what the learner still has to do for them."""

import asyncio
from collections.abc import Callable, Sequence

import msgspec
from confluent_kafka.admin import AdminClient

from online.events import UserErased
from streams.clock import now_ms
from streams.events import Receipt
from streams.producer import BatchProducer, Outgoing
from streams.retention import held_until, latest
from streams.settings import Settings
from streams.stores.snapshots import SnapshotStore
from streams.topics import full_name

KEPT: dict[str, int | str] = {
    "statistics": "kept by item, as sums over everybody that fade: no row, column or key of them is a user's",
    "model": "weights that what everybody did has moved a little: no parameter belongs to a user; nothing of the"
    " user is learned from again",
    "arms": "counts of hits by arm and by 64 parts that users fall in by hash: each is many users'",
}
"""What stays of what a user did, and why the user cannot be read from it."""

_encode = msgspec.json.Encoder().encode


class Pending(msgspec.Struct):
    """An erasure whose marker was read."""

    marker: UserErased
    offset: int
    """Of the marker in the log of examples."""
    waiting: int
    """Examples of the user that waited for their set to close, and were dropped."""
    replayed: int | None = None
    """Lists and examples that would have been learned from again, and were dropped; None until they are."""
    snapshots: int = 0
    """Those that named the user and were removed so far: what comes after may have to be tried again."""


class Receipts:
    """Writes receipts, once a snapshot has been saved that knows nothing of the users.

    Such a snapshot is said to go on *at* the first marker, which changes nothing when it is read twice. So whoever
    starts from it, because this process ended before the receipts were written, writes them.
    """

    def __init__(
        self,
        settings: Settings,
        admin: AdminClient,
        snapshots: SnapshotStore,
        producer: BatchProducer,
        check: Callable[[], None],
    ) -> None:
        self._settings = settings
        self._admin = admin
        self._snapshots = snapshots
        self._producer = producer
        self._check = check
        self.pending: list[Pending] = []
        """In the order of the log."""

    def holds(self, user_id: str) -> bool:
        """Whether a receipt of the user is still to be written."""
        return any(pending.marker.user_id == user_id for pending in self.pending)

    async def write(self, pending: Sequence[Pending], newest: str) -> None:
        """Removes what older snapshots hold of the users, and writes the receipts.

        Args:
            pending: What the snapshot `newest` contains the erasure of.
            newest: The name of that snapshot.

        Raises:
            KafkaException, TimeoutError: The cluster does not answer.
            StoreError: An older snapshot cannot be read, or not be removed.
        """
        users = {p.marker.user_id for p in pending}
        removed = await asyncio.to_thread(self._snapshots.remove_naming, users, newest)
        for one in pending:
            one.snapshots += removed[one.marker.user_id]
        at_ms = now_ms()
        until = await asyncio.to_thread(held_until, self._admin, self._settings, at_ms)
        receipts = [self._receipt(p, until, at_ms) for p in pending]
        await self._producer.deliver(receipts, self._check)
        self.pending = [p for p in self.pending if p not in pending]

    def _receipt(self, pending: Pending, until: dict[str, int | None], at_ms: int) -> Outgoing:
        marker = pending.marker
        erased: dict[str, int | str] = {
            "users": marker.erased.users,
            "recommendations": marker.erased.lists,
            "examples": marker.erased.count,
            "open_examples": pending.waiting,
            "replay": pending.replayed or 0,
            "snapshots": pending.snapshots,
        }
        receipt = Receipt(marker.request_id, marker.user_id, erased | KEPT, until, latest(until), at_ms)
        topic = full_name(self._settings, "erasure-receipts")
        return Outgoing(topic, marker.user_id.encode(), _encode(receipt), marker.partition)
