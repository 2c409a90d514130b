"""Items that wait for files, by the host of these: hosts take turns, and one that is slow is passed over."""

from collections import OrderedDict
from collections.abc import Collection
from typing import NamedTuple


class Next(NamedTuple):
    """What is to be asked of whom."""

    host: str
    item_id: str
    partition: int


class Waiting:
    """Queues of items, one for each host; an item with files at several hosts waits for each of them."""

    def __init__(self) -> None:
        self._hosts: OrderedDict[str, OrderedDict[str, int]] = OrderedDict()
        """Those with items that wait, the one whose turn it is first."""
        self._count = 0

    def __len__(self) -> int:
        """How many wait, whatever for."""
        return self._count

    def count_except(self, busy: Collection[str]) -> int:
        """How many wait for other hosts than these."""
        return self._count - sum(len(self._hosts.get(host, ())) for host in busy)

    def holds(self, host: str, item_id: str) -> bool:
        """Whether the item waits for files of this host."""
        return item_id in self._hosts.get(host, ())

    def put(self, host: str, item_id: str, partition: int) -> None:
        """The item waits for files of this host; one that does already keeps its place."""
        items = self._hosts.setdefault(host, OrderedDict())
        self._count += item_id not in items
        items[item_id] = partition

    def drop(self, host: str, item_id: str) -> None:
        """The item does not wait for files of this host any more, if it did."""
        items = self._hosts.get(host)
        if items is not None and items.pop(item_id, None) is not None:
            self._count -= 1
            if not items:
                del self._hosts[host]

    def take(self, busy: Collection[str]) -> Next | None:
        """The item that waited longest for the host whose turn it is; None while all wait for these."""
        host = next((host for host in self._hosts if host not in busy), None)
        if host is None:
            return None
        self._hosts.move_to_end(host)
        item_id = next(iter(self._hosts[host]))
        partition = self._hosts[host][item_id]
        self.drop(host, item_id)
        return Next(host, item_id, partition)
