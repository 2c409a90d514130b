"""What is said of drift: by the learner, in what it publishes, and in `freshet status`."""

from typing import Literal

import msgspec

Segment = Literal["all", "cold_items", "new_users", "warm"]
Measure = Literal["loss", "hit_rate"]
Test = Literal["adwin", "page_hinkley"]


class Alarm(msgspec.Struct, frozen=True):
    """A change for the worse, and what was done about it."""

    timestamp_ms: int
    """By the stream's clock."""
    segment: Segment
    measure: Measure
    test: Test
    usual: float
    """The measure, over some 500 lists of the segment."""
    now: float
    """The same over some 50."""
    action: str = ""
    """What the learner does."""
