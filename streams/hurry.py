"""When events come faster than they are worked: what is then made with less care, or not learned."""

from collections.abc import Sequence

from streams.runs import Run

HURRY_MS = 40
"""Events that have waited for so long are answered in a hurry: what arrived since waits as long again."""
BEHIND_MS, BEHIND_EVENTS = 30_000, 256
"""So many events of which the oldest has waited for so long are a backlog."""
LOGGED_SHARE = 0.25
"""Of the lists that would be logged for the learner."""
SHED_MS = 10_000
"""A learner that is so far behind folds, and learns neither ranking nor fusion: it catches up first."""


def in_a_hurry(runs: Sequence[Run], wall_ms: int) -> bool:
    """Whether the oldest event has waited for too long, by Kafka's timestamps; a backlog has.

    Lists are then ranked from fewer candidates and fewer of them are logged; every event counts as always.
    """
    return any(wall_ms - run[0].timestamp > HURRY_MS for run in runs)


def is_behind(oldest_ms: int, event_count: int, wall_ms: int) -> bool:
    """Whether events worked together, the oldest of Kafka's timestamp `oldest_ms`, are of a backlog.

    Their users' lists are then owed (`streams.owed_lists`). Few old events are no backlog: a producer may date them.
    """
    return wall_ms - oldest_ms > BEHIND_MS and event_count >= BEHIND_EVENTS
