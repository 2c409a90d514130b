"""A script: a worker whose metrics are off and on in turns while it works, and that notes what either costs.

`python -m streams.bench.switched worker ROLE --parent PID`, which is how a supervisor starts it. One process that is
compared with itself every half second differs in nothing else: not in what it holds or has to do, nor in what the
machine does beside it.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Self, cast

import msgspec
from msgspec import Struct
from prometheus_client.metrics import MetricWrapperBase

from online.progressive import ALL, ProgressiveHits
from online.recent_lists import RecentLists
from streams import logs, metrics, settings, watchdog
from streams.liveness import end_with_parent
from streams.metrics import Wsgi
from streams.worker import Role, run

MODULE = "streams.bench.switched"
PATH = "/stretches"
"""Where the notes are, beside the metrics."""
STRETCH_S = 0.5
WORKED = {"recommend": "EVENTS", "learn": "EXAMPLES_FOLDED"}
"""By role, the metric that is told of each event that is worked."""


class Stretch(Struct):
    """What was worked between two switches."""

    on: bool
    begin_s: float
    """Since the epoch."""
    wall_s: float
    cpu_s: float
    """Of the whole process, but for scrapes."""
    events: int


class Notes(Struct):
    """What a worker has noted: stretches with metrics and without (with, without, without, with, and so on)."""

    stretches: list[Stretch]
    scrapes: int
    scrape_cpu_s: float


class Nothing:
    """In the place of a metric: takes what is measured and keeps nothing of it."""

    def labels(self, **_labels: str) -> Self:
        """Itself, whatever the labels."""
        return self

    def inc(self, amount: float = 1) -> None:
        """Nothing."""

    set = observe = set_function = info = inc

    def set_to_current_time(self) -> None:
        """Nothing."""

    @contextmanager
    def time(self) -> Iterator[None]:
        """Nothing."""
        yield


def _all_only(_hits: ProgressiveHits, _set: object, wanted: Sequence[str], _of: object) -> list[Any]:
    return [([ALL], wanted)]


_ONLY_MEASURED: Sequence[tuple[Any, str, Callable[..., Any]]] = (
    (RecentLists, "note", lambda *_: None),
    (RecentLists, "quality", lambda *_: None),
    (ProgressiveHits, "_slices", _all_only),
    (ProgressiveHits, "by_slice", lambda *_: {}),
    (watchdog, "group_lag", lambda *_: {}),
)
"""What is worked out for the metrics alone, and what takes its place without them."""


class Switch:
    """Takes all metrics away, brings them back with what they had, and so on.

    Args:
        worked: The metric that is told of each event that is worked.
        clock: Processor time of this process and time since the epoch, in seconds.
    """

    def __init__(self, worked: str, clock: Callable[[], tuple[float, float]]) -> None:
        self._clock = clock
        self.notes = Notes([], 0, 0.0)
        self.on = True
        self._events = 0
        self._cpu_s, self._wall_s = clock()
        self._scrapes_s = 0.0
        nothing = Nothing()
        self._places: list[tuple[Any, str, Any, Any]] = [
            (metrics, name, metric, nothing)
            for name, metric in vars(metrics).items()
            if isinstance(metric, MetricWrapperBase)
        ]
        self._places = [
            (where, name, *(_Told(self, one) if name == worked else one for one in both))
            for where, name, *both in self._places
        ]
        self._places += [(where, name, vars(where)[name], instead) for where, name, instead in _ONLY_MEASURED]
        self.turn(on=True)

    def turn(self, on: bool) -> None:
        """Has everything measured from now on, or nothing."""
        self.on = on
        for where, name, measuring, instead in self._places:
            setattr(where, name, measuring if on else instead)

    def worked(self, events: int) -> None:
        """Notes events; ends a stretch that has lasted long enough, and switches after every other."""
        self._events += events
        cpu_s, wall_s = self._clock()
        if not self._events or wall_s - self._wall_s < STRETCH_S:
            return
        scrapes_s = self.notes.scrape_cpu_s
        used_s = cpu_s - self._cpu_s - (scrapes_s - self._scrapes_s)
        self.notes.stretches.append(
            Stretch(self.on, self._wall_s, wall_s - self._wall_s, used_s, self._events)
        )
        self._events, self._cpu_s, self._wall_s, self._scrapes_s = 0, cpu_s, wall_s, scrapes_s
        # With, without, without, with: what drifts drifts for both.
        self.turn(on=len(self.notes.stretches) % 4 in (0, 3))

    def around(self, served: Wsgi) -> Wsgi:
        """What is served anyway, timed, and the notes."""

        def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if environ.get("PATH_INFO") == PATH:
                start_response("200 OK", [("Content-Type", "application/json")])
                return [msgspec.json.encode(self.notes)]
            begin_s = time.thread_time()
            page = served(environ, start_response)
            self.notes.scrape_cpu_s += time.thread_time() - begin_s
            self.notes.scrapes += 1
            return page

        return application


class _Told:
    """A metric, or nothing in its place, that tells the switch of what it is told."""

    def __init__(self, switch: Switch, metric: Any) -> None:  # noqa: ANN401  # a counter, or nothing
        self._switch, self._metric = switch, metric

    def labels(self, **labels: str) -> "_Told":
        return _Told(self._switch, self._metric.labels(**labels))

    def inc(self, amount: int = 1) -> None:
        self._metric.inc(amount)
        self._switch.worked(amount)


def main(role: Role, parent: int) -> None:
    """Runs one worker, as `freshet worker` does."""
    loaded = settings.load()
    logs.set_up(loaded)
    end_with_parent(parent)
    switch = Switch(WORKED[role], lambda: (time.process_time(), time.time()))
    serve = metrics.serve

    def serve_with_notes(host: str, port: int, around: Callable[[Wsgi], Wsgi]) -> int:
        return serve(host, port, lambda served: switch.around(around(served)))

    metrics.serve = cast("Any", serve_with_notes)
    run(role, loaded)


if __name__ == "__main__":
    _, given_role, _, given_parent = sys.argv[1:]
    main(cast("Role", given_role), int(given_parent))
