"""Metrics that are off count nothing, and have what they had when they are on again; what either costs is noted."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from online.recent_lists import RecentLists
from streams import metrics
from streams.bench.switched import PATH, STRETCH_S, Notes, Nothing, Switch

SOURCE = Path(metrics.__file__).parent


class Clock:
    """Processor time and the time on the wall, moved by hand."""

    def __init__(self) -> None:
        self.now = (0.0, 0.0)

    def __call__(self) -> tuple[float, float]:
        return self.now

    def move(self, cpu_s: float, wall_s: float = STRETCH_S) -> None:
        self.now = (self.now[0] + cpu_s, self.now[1] + wall_s)


@pytest.fixture
def clock() -> Clock:
    """A clock that stands."""
    return Clock()


@pytest.fixture
def switch(clock: Clock) -> Iterator[Switch]:
    """A switch that is on, and every metric in its place when the test is over."""
    before = dict(vars(metrics))
    made = Switch("EVENTS", clock)
    yield made
    made.turn(on=True)
    vars(metrics).update(before)


def _applied() -> float:
    return float(metrics.APPLIED._value.get())


def test_what_happens_while_it_is_off_is_not_counted(switch: Switch) -> None:
    before, recent = _applied(), RecentLists()
    switch.turn(on=False)
    metrics.APPLIED.inc(5)
    metrics.EVENT_TO_LIST.labels(cause="interaction").observe(1.0)
    recent.note(["a"])
    assert not hasattr(metrics.APPLIED, "_value")
    switch.turn(on=True)
    metrics.APPLIED.inc()
    recent.note(["b"])
    assert (_applied(), list(recent._recent)) == (before + 1, [["b"]])


def test_stretches_are_with_and_without_in_turns_and_say_what_each_took(switch: Switch, clock: Clock) -> None:
    for cpu_s in (0.1, 0.2, 0.3, 0.4, 0.5):
        metrics.EVENTS.labels(topic="interactions").inc(3)
        clock.move(cpu_s)
        metrics.EVENTS.labels(topic="interactions").inc(4)
    found = switch.notes.stretches
    assert [one.on for one in found] == [True, False, False, True, True]
    assert [one.cpu_s for one in found] == pytest.approx([0.1, 0.2, 0.3, 0.4, 0.5])
    assert [(one.events, one.wall_s) for one in found] == [(7, STRETCH_S)] * 5
    assert not switch.on


def test_scrapes_are_no_part_of_a_stretch(switch: Switch, clock: Clock) -> None:
    switch.notes.scrape_cpu_s += 0.25
    clock.move(cpu_s=0.4)
    metrics.EVENTS.labels(topic="interactions").inc()
    assert switch.notes.stretches[0].cpu_s == pytest.approx(0.15)


def test_the_notes_are_served_beside_the_metrics(switch: Switch) -> None:
    def served(_environ: dict[str, Any], start_response: Any) -> list[bytes]:  # noqa: ANN401  # WSGI's
        start_response("200 OK", [])
        return [b"page"]

    application = switch.around(served)

    def ask(path: str) -> bytes:
        return b"".join(application({"PATH_INFO": path}, lambda _status, _headers: None))

    assert ask("/metrics") == b"page"
    assert msgspec.json.decode(ask(PATH), type=Notes).scrapes == 1


def test_whatever_workers_do_with_a_metric_can_be_done_with_nothing() -> None:
    """Of every `metrics.NAME.method(…)`, also after `labels(…)`."""
    done = {
        node.attr
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and _is_metric(node.value)
    }
    assert {"labels", "inc", "observe", "set"} <= done
    assert {name for name in done if not hasattr(Nothing, name)} == set()


def _is_metric(node: ast.expr) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=metric, attr="labels")):
            return _is_metric(metric)
        case ast.Attribute(value=ast.Name(id="metrics"), attr=name):
            return name.isupper()
    return False
