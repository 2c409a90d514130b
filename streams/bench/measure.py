"""One measured stretch: the generator sends, the observer reads, the meter looks at the processes."""

import math
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import psutil
from confluent_kafka import Producer
from msgspec import Struct

from streams.bench import generator, observer
from streams.bench.generator import Plan, Sent
from streams.bench.matching import percentiles
from streams.bench.observer import Finish, Observed
from streams.bench.processes import Meter, ProcessUse
from streams.bench.subjects import BenchError, Subject
from streams.bench.workload import Workload
from streams.clock import now_ms
from streams.kafka import client_config
from streams.settings import Settings

READY_S = 120.0
LEAD_S = 3.0
"""Events sent before the measured ones, so that caches and clients are warm."""
LATE_S = 10.0
"""How long lists may come after the last event."""
_spawn = get_context("spawn")


class Figures(Struct):
    """What one stretch measured."""

    rate_asked: float
    rate_held: float
    generator_late_ms: float
    """How far behind its schedule the generator was at worst; contained in the latencies."""
    events: int
    latency_ms: dict[str, float | None]
    """From the event's Kafka timestamp (when it was due) to the one of the first list that knows it (when the
    broker had it)."""
    seen_ms: dict[str, float | None]
    """The same until the observer, a process of its own, had that list."""
    lists_per_s: float
    oldest_ms: float
    """The greatest age that any event had without a list."""
    unanswered: int
    processes: list[ProcessUse]


class Load(Struct, frozen=True):
    """What is sent, whatever the subject."""

    users: int
    items: int
    seed: int
    packed: int = 1


def plan_of(
    subject: Subject, load: Load, count: int, rate: float, span_ms: tuple[int, int] | None = None
) -> Plan:
    """So many new events of a load for a subject; for the others see `Plan`.

    The first so many events of each subject are the same, and so on: the seed and the number decide them.
    """
    subject.stretches += 1
    return Plan(
        topic=subject.source,
        count=count,
        rate=rate,
        users=load.users,
        items=load.items,
        seed=load.seed,
        tag=f"stretch-{subject.stretches}",
        packed=load.packed,
        span_ms=span_ms,
    )


@contextmanager
def _child(target: Any, *args: object) -> Iterator[tuple[Connection, int]]:  # noqa: ANN401  # a process's body
    """A process that has said "ready"."""
    here, there = _spawn.Pipe()
    process = _spawn.Process(target=target, args=(there, *args), daemon=True)
    # A terminal's Ctrl-C is for this process, which then ends the other; that one would only print a traceback.
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, before)
    there.close()
    try:
        ask(here, READY_S)
        yield here, process.pid or 0
    finally:
        process.terminate()
        process.join()


def ask(conn: Connection, limit_s: float) -> Any:  # noqa: ANN401  # whatever the other end sends
    """The other process's next message.

    Raises:
        BenchError: None came in time, or the process has ended.
    """
    try:
        if conn.poll(limit_s):
            return conn.recv()
    except EOFError:
        msg = "a process of the benchmark has ended without an answer; what it wrote last says why"
        raise BenchError(msg) from None
    msg = f"a process of the benchmark did not answer within {limit_s:g} s"
    raise BenchError(msg)


@contextmanager
def observing(settings: Settings, subject: Subject) -> Iterator[tuple[Connection, int]]:
    """An observer of the subject's lists from now on."""
    with _child(observer.run, settings, subject.source, subject.target) as child:
        yield child


@contextmanager
def generating(settings: Settings, plan: Plan) -> Iterator[tuple[Connection, int]]:
    """A generator that waits for the word to go."""
    with _child(generator.run, settings, plan) as child:
        yield child


def send_all(settings: Settings, plan: Plan) -> Sent:
    """Sends everything at once; returns when Kafka has it."""
    with generating(settings, plan) as (conn, _):
        conn.send("go")
        return acknowledged(ask(conn, 600))


def await_first_list(settings: Settings, subject: Subject) -> None:
    """Sends an event at a time until a list comes: the subject has its partitions and works.

    Raises:
        BenchError: No list came.
    """
    producer = Producer(client_config(settings) | {"partitioner": "murmur2_random"})
    probe = Workload(1, 1, 0, f"probe-{now_ms()}").messages(1, 1, settings.partitions)[0]
    deadline_s = time.monotonic() + READY_S
    with observing(settings, subject) as (conn, _):
        while True:
            subject.check()
            producer.produce(subject.source, probe.value, probe.key)
            producer.flush(10)
            time.sleep(0.3)
            conn.send("count")
            if ask(conn, READY_S):
                return
            if time.monotonic() > deadline_s:
                msg = f"{subject.name} sent no list within {READY_S:g} s; {subject.last_words()}"
                raise BenchError(msg)


def measure(  # what is measured, for how long, and what goes on beside it
    settings: Settings,
    subject: Subject,
    load: Load,
    rate: float,
    seconds: float,
    others: Mapping[str, int],
    begin: Callable[[], object] = lambda: None,
) -> Figures:
    """Sends `rate` events a second for `seconds`, after a lead that is not counted.

    Args:
        settings: Where Kafka is.
        subject: The system that answers.
        load: The events.
        rate: Events a second.
        seconds: How long the measured part lasts.
        others: More processes to be metered, by role.
        begin: Called when the first event is sent, LEAD_S before anything counts.

    Raises:
        BenchError: A process died, or Kafka refused events.
    """
    plan = plan_of(subject, load, math.ceil(rate * (LEAD_S + seconds)), rate)
    with observing(settings, subject) as (seen, seen_pid), generating(settings, plan) as (go, go_pid):
        metered = {**subject.pids(), **others, "generator": go_pid, "observer": seen_pid}
        go.send("go")
        begin()
        time.sleep(LEAD_S)
        try:
            with Meter(metered) as meter:
                sent = acknowledged(ask(go, LATE_S * 10 + 2 * seconds))
                since_ms = sent.start_ms + int(LEAD_S * 1000)
                seen.send(Finish(since_ms, LATE_S))
                uses = meter.uses(int(rate * seconds))
        except psutil.NoSuchProcess as exc:
            role = next(role for role, pid in metered.items() if pid == exc.pid)
            msg = f"{role} ended while it was measured; {subject.last_words()}"
            raise BenchError(msg) from None
        observed: Observed = ask(seen, LATE_S * 10 + 2 * seconds)
        subject.check()
    return figures(plan, sent, observed, uses, seconds, now_ms())


def figures(
    plan: Plan, sent: Sent, observed: Observed, uses: list[ProcessUse], seconds: float, end_ms: int
) -> Figures:
    """What was measured, in one record."""
    produced = [answer.broker_ms for answer in observed.answers]
    oldest_ms = max(produced, default=0)
    if observed.unanswered_since_ms is not None:
        oldest_ms = max(oldest_ms, end_ms - observed.unanswered_since_ms)
    return Figures(
        rate_asked=plan.rate,
        rate_held=round(sent.rate_held, 1),
        generator_late_ms=round(sent.late_ms, 1),
        events=len(observed.answers) + observed.unanswered_count,
        latency_ms=percentiles(produced),
        seen_ms=percentiles([answer.seen_ms for answer in observed.answers]),
        lists_per_s=round(observed.list_count / seconds, 1),
        oldest_ms=oldest_ms,
        unanswered=observed.unanswered_count,
        processes=uses,
    )


def acknowledged(sent: Sent) -> Sent:
    """What was sent, if Kafka has all of it.

    Raises:
        BenchError: It refused messages.
    """
    if sent.failed_count:
        msg = f"Kafka did not acknowledge {sent.failed_count} messages of the generator"
        raise BenchError(msg)
    return sent
