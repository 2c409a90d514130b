"""What the learner publishes, kept over time: its newest progress, and a bounded past of its lists' quality."""

import time
from collections import deque

from streams.console.now import Point, Quality
from streams.console.rates import Rate
from streams.follower import Record
from streams.publications import PROGRESS_KEY, Progress, decode_progress
from streams.status import Model, model_of

POINTS = 2_000
"""Publications kept: an hour or more."""


class Learner:
    """Fed with `model`."""

    def __init__(self, examples: Rate) -> None:
        """`examples`: counts what is said to have been learned."""
        self._examples = examples
        self._newest: Progress | None = None
        self._points: deque[Point] = deque(maxlen=POINTS)

    def take(self, record: Record) -> None:
        """Takes a record of `model`; a former learner's is ignored."""
        if record.key != PROGRESS_KEY or record.value is None:
            return
        progress, before = decode_progress(record.value), self._newest
        if before is not None:
            if progress.epoch < before.epoch:
                return
            self._examples.add(max(0, _learned(progress) - _learned(before)), time.monotonic())
        self._newest = progress
        if progress.standing_hit_ratio is not None and progress.popularity_hit_ratio is not None:
            self._points.append(
                Point(
                    progress.timestamp_ms,
                    progress.standing_hit_ratio,
                    progress.popularity_hit_ratio,
                    progress.sets_scored,
                    progress.drift_alarm_count,
                )
            )

    def model(self) -> Model | None:
        """What it published last; None before any."""
        return None if self._newest is None else model_of(self._newest)

    def quality(self) -> Quality:
        """Quality over time."""
        return Quality(list(self._points), self.model())


def _learned(progress: Progress) -> int:
    return sum(row.count for row in progress.learned)
