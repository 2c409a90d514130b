"""What a learner does about drift: for a while it learns faster, and from what came lately.

A change that comes soon after another is only noted: what was before may be coming back, and replay remembers it. On
streams whose tastes come and go, no answer was found that gained anything.
"""

from collections import deque
from collections.abc import Sequence

import msgspec
import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from online.learning.alarm import Alarm
from online.learning.drift import LARGEST_LOSS, DriftWatch, Seen
from online.learning.replay import CAPACITY
from online.ranking.evidence import COLD
from online.ranking.features import HISTORY_LENGTH

HURRIED_STEPS = 50
"""Steps that are made in a hurry after an alarm."""
HURRIED_RATE = 2.0
"""Times the learning rate."""
HURRIED_LISTS = 1_024
"""The last so many lists are replayed, and no older ones."""
ONE_CHANGE_LISTS = 1_000
"""Alarms within so many lists are of one change."""
ACTION = f"{HURRIED_STEPS} steps at {HURRIED_RATE:g} times the rate, replaying {HURRIED_LISTS:,} lists"
NOTED = "noted only"
NOTED_AGAIN = "noted only, soon after another change"
ALARMS_KEPT = 20
HIT_PLACES = 10
"""A list whose first so many places hold something that was had is a hit."""
NEW_USER_ITEMS = 5
"""A user who had fewer items is new."""


class DriftResponse:
    """Watches lists as they come and says how the next steps are made."""

    def __init__(self, *, is_noting_only: bool = False) -> None:
        self._is_noting_only = is_noting_only
        self._watch = DriftWatch()
        self._hurried_steps = 0
        """Those that are left."""
        self._answers_change = False
        """Whether the last change is one to hurry after."""
        self._since_change: int | None = None
        """Lists since the last change was noticed; None before any."""
        self.alarms: deque[Alarm] = deque(maxlen=ALARMS_KEPT)
        """The last alarms, the newest last."""
        self.alarm_count = 0

    def look(self, seen: Sequence[Seen]) -> None:
        """Looks at lists in the stream's order."""
        for one in seen:
            if self._since_change is not None:
                self._since_change += 1
            alarms = self._watch.look(one)
            if alarms:
                action = NOTED if self._is_noting_only else self._hurry()
                self.alarms.extend(structs.replace(alarm, action=action) for alarm in alarms)
                self.alarm_count += len(alarms)

    def _hurry(self) -> str:
        since = self._since_change
        if since is None or since > ONE_CHANGE_LISTS:
            self._answers_change = since is None or since > CAPACITY
            self._since_change = 0
        if not self._answers_change:
            return NOTED_AGAIN
        self._hurried_steps = HURRIED_STEPS
        return ACTION

    def pace(self) -> tuple[float, int]:
        """For the next step: times the learning rate, and how many of the last lists are replayed."""
        if not self._hurried_steps:
            return 1.0, CAPACITY
        self._hurried_steps -= 1
        return HURRIED_RATE, HURRIED_LISTS

    def save(self) -> NDArray[np.uint8]:
        """The alarms and the steps left, as bytes; what is usual is found out anew."""
        saved = _Saved(
            self._hurried_steps,
            self._answers_change,
            self._since_change,
            self.alarm_count,
            list(self.alarms),
        )
        return np.frombuffer(msgspec.msgpack.encode(saved), np.uint8)

    def load(self, saved: NDArray[np.uint8]) -> None:
        """Takes back what `save` gave."""
        part = msgspec.msgpack.decode(saved.tobytes(), type=_Saved)
        self._hurried_steps, self._answers_change = part.hurried_steps, part.answers_change
        self._since_change, self.alarm_count = part.since_change, part.alarm_count
        self.alarms = deque(part.alarms, maxlen=ALARMS_KEPT)


class _Saved(msgspec.Struct):
    hurried_steps: int
    answers_change: bool
    since_change: int | None
    alarm_count: int
    alarms: list[Alarm]


def lists_seen(
    features: NDArray[np.float32],
    targets: NDArray[np.float32],
    losses: NDArray[np.float32],
    reciprocal_ranks: NDArray[np.float64],
    times_ms: Sequence[int],
) -> list[Seen]:
    """Lists as `DriftWatch` looks at them.

    Args:
        features: [lists, n, FEATURES]
        targets: [lists, n] 1 for what was had, else 0.
        losses: [lists]
        reciprocal_ranks: [lists] of the best of what was had.
        times_ms: Of each, by the stream's clock.
    """
    known = np.nan_to_num(losses, nan=LARGEST_LOSS, posinf=LARGEST_LOSS)
    is_hit = np.asarray(reciprocal_ranks >= 1 / HIT_PLACES)
    is_cold = np.asarray(((features[:, :, COLD] > 0) & (targets > 0)).any(axis=1))
    is_new_user = np.asarray(features[:, 0, HISTORY_LENGTH] < np.log1p(NEW_USER_ITEMS - 0.5))
    return [
        Seen(float(known[place]), bool(is_hit[place]), bool(is_cold[place]), bool(is_new_user[place]), now_ms)
        for place, now_ms in enumerate(times_ms)
    ]
