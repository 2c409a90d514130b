"""What metrics cost: workers that have them and have them not in turns, every half second, while events come.

Processor time of a worker that is busy throughout is what its throughput is made of, and does not depend on who else
uses the machine, as the clock on the wall does.
"""

import math
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from statistics import fmean, median, stdev
from urllib.request import Request

import msgspec
from msgspec import Struct
from scipy.stats import t as student

from streams.bench import switched
from streams.bench.drain import finish
from streams.bench.measure import Load, acknowledged, ask, await_first_list, generating, observing, plan_of
from streams.bench.modes import HELD_RATIO
from streams.bench.stage import Stage, stage, wait_quiet, warm
from streams.bench.subjects import BenchError, Subject, freshet
from streams.bench.switched import Notes, Stretch
from streams.discovery import open_worker
from streams.settings import Settings
from streams.status import read_workers

SCRAPE_S = 5.0
"""As in `deploy/prometheus/prometheus.yml`."""
SCRAPE_HEADERS = {
    "Accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
    "Accept-Encoding": "gzip",
}
"""As Prometheus sends them."""
CONFIDENCE = 0.95
TRIMMED = 0.2
"""Share of the pairs left out at each end."""
SEND_LIMIT_S = 60.0
"""How far behind its schedule the generator may end."""


class More(Struct):
    """How much more of something there is with metrics than without."""

    measured: float
    """Median of the stretches with metrics."""
    unmeasured: float
    ratio: float
    """With by without: the geometric mean of the pairs but for the fifth at each end, when others had the machine."""
    low: float | None
    """The ratio's 95 % interval (Tukey & McLaughlin, 1963), over the pairs' logarithms; None of too few pairs."""
    high: float | None
    pairs: int


class RoleCost(Struct):
    """What metrics cost a worker."""

    cpu_us_per_event: More
    events_per_s: More
    """By the clock on the wall; says something of a worker that is busy throughout."""
    scrape_ms: float
    """Processor time of one scrape, which is not in the above."""
    scrape_ratio: float
    """Share of a processor that scrapes take."""


class Cost(Struct):
    """Everything that was measured."""

    events: int
    rate: float
    """At which they were sent."""
    events_per_s: float
    """At which they were answered."""
    held: bool
    """Whether that was the rate."""
    roles: dict[str, RoleCost]


def measure_cost(
    settings: Settings, load: Load, rate: float, seconds: float, say: Callable[[str], None]
) -> Cost:
    """Sends so many events a second for so long, and returns when all are worked.

    Raises:
        BenchError: Workers do not start, do not catch up, or end; or it was over too soon to compare anything.
    """
    with stage(settings) as place, freshet(place.settings, module=switched.MODULE) as subject:
        say(f"a past for {load.users:,} users …")
        await_first_list(place.settings, subject)
        warm(place, subject, load)
        say("measuring …")
        urls = [worker.metrics for worker in read_workers(place.settings)]
        with scraping(urls, SCRAPE_S):
            start_s, events_per_s = _work(place, subject, load, rate, math.ceil(rate * seconds))
            wait_quiet(subject)
        subject.check()
        notes = {worker.role: _notes(worker.metrics) for worker in read_workers(place.settings)}
    return Cost(
        events=math.ceil(rate * seconds),
        rate=rate,
        events_per_s=round(events_per_s, 1),
        held=events_per_s >= HELD_RATIO * rate,
        roles={role: _role_cost(role, of, start_s) for role, of in notes.items()},
    )


def _work(place: Stage, subject: Subject, load: Load, rate: float, events: int) -> tuple[float, float]:
    """When the first event was sent, since the epoch; and at how many a second they were answered."""
    plan = plan_of(subject, load, events, rate)
    with observing(place.settings, subject) as (seen, _), generating(place.settings, plan) as (go, _):
        go.send("go")
        sent = acknowledged(ask(go, SEND_LIMIT_S + events / rate))
        observed = finish(seen, sent.start_ms)
    if observed.unanswered_count:
        msg = f"{observed.unanswered_count} events were left unanswered; {subject.last_words()}"
        raise BenchError(msg)
    return sent.start_ms / 1000, events / ((observed.last_ms - sent.start_ms) / 1000)


def _notes(url: str) -> Notes:
    with open_worker(url.removesuffix("/metrics") + switched.PATH, timeout=10) as page:
        return msgspec.json.decode(page.read(), type=Notes)


def _role_cost(role: str, notes: Notes, start_s: float) -> RoleCost:
    pairs = paired(notes.stretches, start_s)
    if not pairs:
        msg = f"{role} was done before anything could be compared; send events for longer"
        raise BenchError(msg)
    scrape_s = notes.scrape_cpu_s / max(1, notes.scrapes)
    return RoleCost(
        cpu_us_per_event=more([_of(pair, lambda one: one.cpu_s / one.events * 1e6) for pair in pairs]),
        events_per_s=more([_of(pair, lambda one: one.events / one.wall_s) for pair in pairs]),
        scrape_ms=round(scrape_s * 1000, 2),
        scrape_ratio=round(scrape_s / SCRAPE_S, 5),
    )


def paired(stretches: Sequence[Stretch], start_s: float) -> list[tuple[Stretch, Stretch]]:
    """Neighbours of which the first has metrics and the second has none, or the other way round, since the start."""
    first = sum(one.begin_s < start_s for one in stretches)
    first += first % 2
    return list(zip(stretches[first::2], stretches[first + 1 :: 2], strict=False))


def _of(pair: tuple[Stretch, Stretch], figure: Callable[[Stretch], float]) -> tuple[float, float]:
    """A figure with metrics and without."""
    by = {one.on: figure(one) for one in pair}
    return by[True], by[False]


def more(pairs: Sequence[tuple[float, float]]) -> More:
    """Compares pairs of what there was with metrics and without."""
    logs = sorted(math.log(on / off) for on, off in pairs)
    cut = int(TRIMMED * len(logs))
    kept = logs[cut : len(logs) - cut]
    middle, half = fmean(kept), None
    if len(kept) > 1:
        spread = stdev([kept[0]] * cut + kept + [kept[-1]] * cut) / ((1 - 2 * TRIMMED) * math.sqrt(len(logs)))
        half = float(student.ppf((1 + CONFIDENCE) / 2, len(kept) - 1)) * spread
    return More(
        measured=round(median(on for on, _ in pairs), 1),
        unmeasured=round(median(off for _, off in pairs), 1),
        ratio=round(math.exp(middle), 4),
        low=None if half is None else round(math.exp(middle - half), 4),
        high=None if half is None else round(math.exp(middle + half), 4),
        pairs=len(pairs),
    )


@contextmanager
def scraping(urls: Sequence[str], every_s: float) -> Iterator[None]:
    """Reads the pages at once and then every so often, as Prometheus does, while the block runs."""
    ended = threading.Event()

    def scrape() -> None:
        while True:
            for url in urls:
                open_worker(Request(url, headers=SCRAPE_HEADERS), timeout=10).read()
            if ended.wait(every_s):
                return

    thread = threading.Thread(target=scrape, name="scraping", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
