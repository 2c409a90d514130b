"""Lists that are behind their users' states: owed while a backlog is worked, and made after it.

In a backlog most lists would be replaced before anybody saw them, and making them takes longer than all else. So
states and examples go on, and a user's list is made once it has been owed for longer than the events in hand have
waited: one list then answers all that the user has done meanwhile.

Nothing of this has to be remembered. A list that knows less than its user's state, or is not there at all, as after
`freshet train` or where a former owner wrote late, is found to be owed by whoever owns the user next.
"""

import asyncio
from collections.abc import Container, Iterable
from itertools import islice

from streams.batch import Touched
from streams.clock import now_ms
from streams.events import Cause
from streams.stores.lists import PublishedLists
from streams.stores.users import Owed, UserStore

MADE_AT_ONCE = 256
"""Lists made before events have their turn."""
LONGEST_MS = 60_000
"""No list is owed for longer than so, however old the events in hand are."""
LOOKED_AT_ONCE = 4_096
"""Users looked at before events have their turn."""


class OwedLists:
    """Keeps `UserStore.owed`, and says which of it is due."""

    def __init__(self, users: UserStore, published: PublishedLists, users_topic: str) -> None:
        self._users = users
        self._published = published
        self._topic = users_topic
        self._loads = 0
        """Of which of `UserStore.loads` all users were looked at."""

    def add(self, touched: Iterable[Touched], wall_ms: int) -> None:
        """Notes that these users' lists are not made now."""
        for user in touched:
            owed = Owed(user.partition, user.cause, user.since_ms, user.context, user.index, wall_ms)
            self._owe(user.state.user_id, owed)

    def settle(self, touched: Iterable[Touched]) -> None:
        """Notes that these users' lists are made now, whatever they are owed for."""
        for user in touched:
            owed = self._users.owed.pop(user.state.user_id, None)
            if owed is not None:
                user.since_ms = min(user.since_ms, owed.since_ms)

    def oldest_ms(self) -> int | None:
        """Kafka's timestamp of what has waited longest for its list, if anything has."""
        return next((owed.since_ms for owed in self._users.owed.values()), None)

    def is_any_due(self, wall_ms: int, in_hand_ms: int | None) -> bool:
        """Whether `take` has anything to give."""
        return any(self._is_due(owed, wall_ms, in_hand_ms) for owed in islice(self._users.owed.values(), 1))

    def take(self, wall_ms: int, in_hand_ms: int | None) -> list[Touched]:
        """Users whose lists are due, who are no longer owed one.

        Args:
            wall_ms: Now.
            in_hand_ms: Kafka's timestamp of the oldest event in hand, if there is any.
        """
        found: list[Touched] = []
        for user_id, owed in list(islice(self._users.owed.items(), MADE_AT_ONCE)):
            if not self._is_due(owed, wall_ms, in_hand_ms):
                break
            del self._users.owed[user_id]
            if self._users.owns(owed.partition):
                found.append(self._touched(user_id, owed))
        return found

    def overwritten(self, but: Container[str]) -> list[Touched]:
        """Users whose state a former owner wrote over, but some: their own is to be written again, with a list."""
        again: list[Touched] = []
        while self._users.overwritten:
            user_id, partition = self._users.overwritten.popitem()
            if user_id not in but and self._users.owns(partition):
                cursor = self._users.get(user_id, partition).cursor
                scheduled = self._scheduled(user_id, partition, cursor.offset if cursor else -1)
                again.append(self._touched(user_id, scheduled))
        return again

    async def look(self) -> None:
        """After a load, finds which users of it are owed a list; does nothing where that is done."""
        loads = self._users.loads
        if self._loads == loads or self._published.loads != loads:
            return
        for partition in self._users.partitions:
            user_ids = self._users.user_ids(partition)
            for start in range(0, len(user_ids), LOOKED_AT_ONCE):
                if self._users.loads != loads or not self._users.ready.is_set():
                    return
                for user_id in user_ids[start : start + LOOKED_AT_ONCE]:
                    self._look_at(user_id, partition)
                await asyncio.sleep(0)
        self._loads = loads

    def _look_at(self, user_id: str, partition: int) -> None:
        cursor = None if user_id in self._users.owed else self._users.cursor(user_id, partition)
        if cursor is not None and self._published.is_behind(user_id, cursor):
            self._owe(user_id, self._scheduled(user_id, partition, cursor.offset))

    def _scheduled(self, user_id: str, partition: int, offset: int) -> Owed:
        """A list that no event asks for, of a user who is known up to that offset."""
        wall_ms = now_ms()
        cause = Cause("schedule", "", self._topic, partition, offset, wall_ms)
        return Owed(partition, cause, wall_ms, self._published.context(user_id), 0, wall_ms)

    def _touched(self, user_id: str, owed: Owed) -> Touched:
        state = self._users.get(user_id, owed.partition)
        return Touched(state, owed.partition, owed.cause, owed.since_ms, owed.context, owed.index)

    def _owe(self, user_id: str, owed: Owed) -> None:
        """Who is owed a list already keeps their place, and has waited as long as before."""
        known = self._users.owed.get(user_id)
        if known is not None:
            owed.since_ms, owed.owed_ms = known.since_ms, known.owed_ms
        self._users.owed[user_id] = owed

    def _is_due(self, owed: Owed, wall_ms: int, in_hand_ms: int | None) -> bool:
        waited_ms = 0 if in_hand_ms is None else wall_ms - in_hand_ms
        return wall_ms - owed.owed_ms >= min(waited_ms, LONGEST_MS)
