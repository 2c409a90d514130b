"""Events that are all due at once: how fast they are worked, and in how much memory."""

from multiprocessing.connection import Connection

from msgspec import Struct

from streams.bench.generator import Plan
from streams.bench.measure import Load, ask, observing, plan_of, send_all
from streams.bench.observer import Finish, Observed
from streams.bench.processes import Meter, ProcessUse
from streams.bench.stage import PAST_GAP_MS, Stage, warm
from streams.bench.subjects import BenchError, Subject, freshet
from streams.clock import now_ms
from streams.status import metric_values, read_workers

DRAIN_LIMIT_S = 600.0


class Drain(Struct):
    """How a backlog was worked."""

    backlog: int
    """Events that waited when the workers started."""
    drain_s: float
    """From when the workers served until the last event was answered."""
    events_per_s: float
    load_s: float
    """In which the workers had loaded everybody's state, before the first event; part of the above."""
    lists: int
    unanswered: int
    rss_before_mib: dict[str, float]
    """Of the workers before they were stopped: with everybody's past, and no backlog."""
    processes: list[ProcessUse]
    """Of the workers that drained: their greatest memory must not depend on the backlog."""


def burst_rate(stage: Stage, subject: Subject, load: Load, events: int) -> float:
    """Events a second at which a running subject works a burst."""
    with observing(stage.settings, subject) as (conn, _):
        sent = send_all(stage.settings, _at_once(subject, load, events))
        observed = finish(conn, sent.start_ms)
    if observed.unanswered_count:
        msg = f"{subject.name} left {observed.unanswered_count} events unanswered; {subject.last_words()}"
        raise BenchError(msg)
    return events / max(0.001, (observed.last_ms - sent.start_ms) / 1000)


def drain(stage: Stage, load: Load, events: int) -> Drain:
    """Stops warm workers, produces the backlog, starts workers and waits until all of it is answered.

    Raises:
        BenchError: Workers do not start, or one ended.
    """
    with freshet(stage.settings) as warmed:
        warm(stage, warmed, load)
        with Meter(warmed.pids()) as meter:
            before = {use.role: use.rss_mib for use in meter.uses(0)}
    with observing(stage.settings, warmed) as (conn, _):
        sent = send_all(stage.settings, _at_once(warmed, load, events))
        with freshet(stage.settings) as subject, Meter(subject.pids()) as meter:
            start_ms = now_ms()
            observed = finish(conn, sent.start_ms)
            uses = meter.uses(events)
            load_s = _load_s(stage)
    drain_s = max(0.001, (observed.last_ms - start_ms) / 1000)
    return Drain(
        backlog=events,
        drain_s=round(drain_s, 2),
        events_per_s=round((events - observed.unanswered_count) / drain_s, 1),
        load_s=round(load_s, 2),
        lists=observed.list_count,
        unanswered=observed.unanswered_count,
        rss_before_mib=before,
        processes=uses,
    )


def _load_s(stage: Stage) -> float:
    """What the recommend workers say of their newest load of states."""
    workers = [worker for worker in read_workers(stage.settings) if worker.role == "recommend"]
    return max(metric_values(workers, "freshet_load_seconds"))


def _at_once(subject: Subject, load: Load, events: int) -> Plan:
    """Events that are due at once and say that they happened, one after the other, since the past ended."""
    return plan_of(subject, load, events, float("inf"), (now_ms() - PAST_GAP_MS, now_ms()))


def finish(conn: Connection, since_ms: int) -> Observed:
    """What became of all events since then; returns when the last one is answered."""
    conn.send(Finish(since_ms, DRAIN_LIMIT_S))
    observed: Observed = ask(conn, DRAIN_LIMIT_S + 60)
    return observed
