"""How long new items wait until people have seen them: what exploration and content are to shorten."""

from collections import OrderedDict
from collections.abc import Collection

from msgspec import Struct

from streams import metrics

IMPRESSIONS = 10
"""Lists that stood with an item when their users did something: then it has had its first chance."""
WAITING_LIMIT = 100_000
"""Items waited for; beyond it those that came first are given up."""


class _Waiting(Struct):
    came_ms: int
    left: int


class FirstImpressions:
    """New items on their way to their first IMPRESSIONS."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, _Waiting] = OrderedDict()

    def come(self, item_id: str, came_ms: int) -> None:
        """An item is new, since `came_ms` in Kafka."""
        self._waiting[item_id] = _Waiting(came_ms, IMPRESSIONS)
        if len(self._waiting) > WAITING_LIMIT:
            self._waiting.popitem(last=False)

    def gone(self, item_id: str) -> None:
        """An item was deleted."""
        self._waiting.pop(item_id, None)

    def stood(self, item_ids: Collection[str], at_ms: int) -> None:
        """A list with these items, each once, stood when its user did something, at `at_ms` in Kafka."""
        if not self._waiting:
            return
        for item_id in item_ids:
            waiting = self._waiting.get(item_id)
            if waiting is None:
                continue
            waiting.left -= 1
            if waiting.left == 0:
                metrics.FIRST_IMPRESSIONS.observe(max(0, at_ms - waiting.came_ms) / 1000)
                self.gone(item_id)
