"""What the stream has said of items since lists were last looked through: what went, and what came."""

from collections.abc import Iterable
from typing import Literal

from streams import metrics
from streams.clock import now_ms
from streams.events import Cause


class ItemChanges:
    """Notes of the one reader of items and vectors, taken by whoever changes lists."""

    def __init__(self) -> None:
        self._gone: dict[str, Cause] = {}
        self._come: dict[str, Cause] = {}
        self._vectors_changed = False

    def gone(self, cause: Cause) -> None:
        """The item of the cause may be in no list any more."""
        self._come.pop(cause.event_id, None)
        self._gone[cause.event_id] = cause

    def come(self, cause: Cause) -> None:
        """The item of the cause is new, or says something new of itself, or may be in lists again."""
        self._gone.pop(cause.event_id, None)
        self._come.setdefault(cause.event_id, cause)

    def vectors_changed(self) -> None:
        """All vectors are others now."""
        self._vectors_changed = True

    def waiting(self) -> int:
        """How many items wait to be taken."""
        return len(self._gone) + len(self._come)

    def take_gone(self) -> dict[str, Cause]:
        """What has gone, by id."""
        gone, self._gone = self._gone, {}
        return gone

    def take_come(self) -> dict[str, Cause]:
        """What has come, by id."""
        come, self._come = self._come, {}
        return come

    def take_vectors_changed(self) -> bool:
        """Whether all vectors have changed since the last call."""
        changed, self._vectors_changed = self._vectors_changed, False
        return changed


def measure_changed(change: Literal["gone", "come"], causes: Iterable[Cause]) -> None:
    """Counts lists that were just acknowledged, by why each was changed, and how long that took."""
    acknowledged_ms = now_ms()
    for cause in causes:
        metrics.LISTS.labels(cause="item").inc()
        seconds = max(0, acknowledged_ms - cause.timestamp_ms) / 1000
        metrics.MEDIA_TO_LIST.labels(change=change).observe(seconds)
