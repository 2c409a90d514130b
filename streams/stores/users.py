"""The states of the users whose partitions this worker owns, loaded from the compacted `users` topic.

The topic is also followed while running: a late write of a former owner (a zombie) is noticed by its lower
cursor, and the user's own state and list are written again over it.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from uuid import uuid4

import msgspec

from online.events import Cursor
from online.state import UserState
from online.state_codec import head, is_older, pack, unpack
from streams import metrics
from streams.events import Cause, Scalar
from streams.follower import Follower, Record
from streams.producer import Outgoing
from streams.settings import Settings
from streams.topics import full_name

OWNER_HEADER = "owner"
STUB_HEADER = "stub"
"""On what is left of an erased user: it becomes a tombstone once nothing can bring the user's events again."""


class Owed(msgspec.Struct):
    """A list that a user does not have yet."""

    partition: int
    """The user's."""
    cause: Cause
    since_ms: int
    """Kafka's timestamp of the oldest event that the list is to answer."""
    context: Mapping[str, Scalar]
    """What the user's last event says of its surroundings."""
    index: int
    """Of that event, within a packed message."""
    owed_ms: int
    """When that was worked."""


class UserStore:
    """User states by id: packed for all users of the owned partitions, unpacked for those lately used."""

    def __init__(self, settings: Settings) -> None:
        self._live_limit = settings.live_users
        self._topic = full_name(settings, "users")
        self._follower = Follower(settings, self._topic, gathers=True)
        self._packed: dict[int, dict[str, bytes]] = {}
        self._live: OrderedDict[str, UserState] = OrderedDict()
        self._following: asyncio.Task[None] | None = None
        self.ready = asyncio.Event()
        """Set while the owned partitions are loaded."""
        self.working = asyncio.Lock()
        """Held by whoever writes lists and states, so that no user is worked by two at once."""
        self.loads = 0
        """How often `load` has made the store ready."""
        self.owner = uuid4().bytes
        """Marks this process's own writes."""
        self.size_bytes = 0
        """Bytes of packed state held."""
        self.overwritten: dict[str, int] = {}
        """Users whose state a former owner wrote over, with their partition; to be written again."""
        self.owed: dict[str, Owed] = {}
        """Users whose list is behind their state, the one who has waited longest first (`streams.owed_lists`)."""
        self.stubs: dict[str, int] = {}
        """Erased users of whom a stub is left, with their partition."""

    @property
    def partitions(self) -> set[int]:
        """The partitions whose users are loaded here."""
        return set(self._packed)

    def owns(self, partition: int) -> bool:
        """Whether the partition's users are loaded here."""
        return partition in self._packed

    async def load(self, partitions: set[int]) -> None:
        """Owns exactly these partitions, every state up to the topic's end; then follows them.

        Partitions that were owned before are brought up to date from where they were left.
        """
        await self.pause()
        for gone in self._packed.keys() - partitions:
            for user_id, data in self._packed.pop(gone).items():
                self.size_bytes -= len(data)
                self._live.pop(user_id, None)
                self.owed.pop(user_id, None)
                self.stubs.pop(user_id, None)
        positions = {p: self._follower.positions.get(p, -1) if p in self._packed else -1 for p in partitions}
        for partition in partitions:
            self._packed.setdefault(partition, {})
        start_s = time.monotonic()
        await self._follower.assign(positions)
        await self._follower.read_to_end(self._merge)
        metrics.LOAD_SECONDS.set(time.monotonic() - start_s)
        self.loads += 1
        self.ready.set()
        self._following = asyncio.create_task(self._follower.follow(self._watch))

    async def pause(self) -> None:
        """Stops following; nothing is `ready` until the next `load`."""
        self.ready.clear()
        if self._following is not None:
            self._following.cancel()
            await asyncio.gather(self._following, return_exceptions=True)
            self._following = None

    def get(self, user_id: str, partition: int) -> UserState:
        """The user's state; a new, empty one for a user nobody has seen."""
        state = self._live.get(user_id)
        if state is None:
            data = self._packed[partition].get(user_id)
            state = UserState(user_id) if data is None else unpack(data)
            self._unpacked(state)
        else:
            self._live.move_to_end(user_id)
        return state

    def look(self, user_id: str, partition: int) -> UserState:
        """The user's state, to be read only, without counting as used."""
        live, data = self._live.get(user_id), self._packed[partition].get(user_id)
        if live is not None:
            return live
        return UserState(user_id) if data is None else unpack(data)

    def user_ids(self, partition: int) -> list[str]:
        """Whose states are held, stubs too."""
        return list(self._packed.get(partition, ()))

    def cursor(self, user_id: str, partition: int) -> Cursor | None:
        """Up to which event the user is known; None where there is no user, or a stub."""
        data = self._packed.get(partition, {}).get(user_id)
        return None if data is None or user_id in self.stubs else head(data).cursor

    def keep(self, state: UserState, partition: int) -> bytes:
        """Packs a changed state, to be written to the topic."""
        data = pack(state)
        if partition in self._packed and not is_older(data, self._packed[partition].get(state.user_id)):
            self._put(self._packed[partition], state.user_id, data)
            # While it was changed, it may have been dropped for others and unpacked anew, as it was before.
            self._live.pop(state.user_id, None)
            self._unpacked(state)
            self._note(state.user_id, partition, state.is_stub)
        return data

    def record(self, state: UserState, partition: int) -> Outgoing:
        """Keeps a changed state; returns the record that writes it."""
        headers = [(OWNER_HEADER, self.owner), *([(STUB_HEADER, b"1")] if state.is_stub else [])]
        key = state.user_id.encode()
        return Outgoing(self._topic, key, self.keep(state, partition), partition, headers=headers)

    def tombstone(self, user_id: str, partition: int) -> Outgoing:
        """The record that gives a user up; `drop` once it is acknowledged."""
        return Outgoing(self._topic, user_id.encode(), None, partition, headers=[(OWNER_HEADER, self.owner)])

    def drop(self, user_id: str, partition: int) -> None:
        """Holds nothing of the user any more."""
        self._put(self._packed.get(partition, {}), user_id, None)
        self._live.pop(user_id, None)
        self.overwritten.pop(user_id, None)
        self.owed.pop(user_id, None)
        self.stubs.pop(user_id, None)

    def holds(self, user_id: str) -> bool:
        """Whether anything of the user is held here but a stub."""
        is_held = any(user_id in users for users in self._packed.values()) or user_id in self._live
        is_noted = user_id in self.overwritten or user_id in self.owed
        return is_noted or (is_held and user_id not in self.stubs)

    def _note(self, user_id: str, partition: int, is_stub: bool) -> None:
        if is_stub:
            self.stubs[user_id] = partition
            self.owed.pop(user_id, None)
        else:
            self.stubs.pop(user_id, None)

    def _unpacked(self, state: UserState) -> None:
        self._live[state.user_id] = state
        if len(self._live) > self._live_limit:
            self._live.popitem(last=False)

    def count(self) -> int:
        """Users held."""
        return sum(len(users) for users in self._packed.values())

    def _put(self, users: dict[str, bytes], user_id: str, data: bytes | None) -> None:
        """Holds a user's packed state, or no longer."""
        self.size_bytes += len(data or b"") - len(users.pop(user_id, b""))
        if data is not None:
            users[user_id] = data

    def _merge(self, record: Record) -> None:
        """Takes a state that is not behind the known one. Own writes count too: the partition may have been away.

        One that is behind was written late, and would be the one that compaction leaves.
        """
        users = self._packed.get(record.partition)
        if users is None:
            return
        user_id = record.key.decode()
        if record.value is not None and is_older(record.value, users.get(user_id)):
            self.overwritten[user_id] = record.partition
            return
        self.overwritten.pop(user_id, None)
        self._put(users, user_id, record.value)
        self._live.pop(user_id, None)
        self._note(user_id, record.partition, STUB_HEADER in record.headers)

    def _watch(self, record: Record) -> None:
        """Takes what another owner wrote while this one owns, too: whoever is ahead is right."""
        if record.headers.get(OWNER_HEADER) == self.owner:
            return
        user_id = record.key.decode()
        known = self._packed.get(record.partition, {}).get(user_id)
        # A tombstone that comes late belongs to a stub of which the user has come back.
        is_late = user_id not in self.stubs if record.value is None else is_older(record.value, known)
        if known is not None and is_late:
            metrics.LOWER_CURSORS.inc()
            self.overwritten[user_id] = record.partition
        else:
            self._merge(record)

    async def close(self) -> None:
        """Stops reading."""
        await self.pause()
        self._follower.close()
