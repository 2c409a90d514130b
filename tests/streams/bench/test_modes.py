from typing import Any

import msgspec
import pytest

from streams.bench import modes
from streams.bench.generator import Plan, Sent
from streams.bench.matching import Answer
from streams.bench.measure import Figures, figures
from streams.bench.modes import highest_rate, sustained
from streams.bench.observer import Observed
from streams.bench.report import ratios


def measured(
    rate_held: float = 100.0, waits_ms: tuple[int, ...] = (10, 20), waiting_since_ms: int = -1
) -> Figures:
    plan = Plan("interactions", 200, 100.0, 10, 10, 1, "t")
    since = None if waiting_since_ms < 0 else waiting_since_ms
    answers = [Answer(1_000, wait, wait + 1) for wait in waits_ms]
    observed = Observed(answers, len(waits_ms), 1_500, 0 if since is None else 1, since)
    return figures(plan, Sent(0, rate_held, 1.0, 0), observed, [], 2.0, end_ms=9_000)


def test_an_event_that_nobody_answered_ages_until_the_end() -> None:
    found = measured(waiting_since_ms=4_000)
    assert (found.oldest_ms, found.unanswered, found.events) == (5_000, 1, 3)
    assert found.latency_ms["max"] == 20


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (measured(), True),
        (measured(rate_held=90.0), False),
        (measured(waits_ms=(10, 2_001)), False),
        (measured(waiting_since_ms=8_999), False),
    ],
)
def test_a_rate_is_sustained_when_it_was_sent_and_all_was_answered_in_time(
    found: Figures, expected: bool
) -> None:
    assert sustained(found) is expected


def test_ratios_are_freshets_figure_by_the_others() -> None:
    found = ratios(
        {"freshet": measured(), "plain_faust": measured(50.0, (20, 40)), "quixstreams": "not installed"}
    )
    assert found == {"plain_faust": {"rate_held": 2.0, "p50": 0.5, "p95": 0.5, "p99": 0.5, "max": 0.5}}


SUBJECT: Any = type("Subject", (), {"name": "freshet"})


@pytest.mark.parametrize(
    ("burst", "sustains", "tried"),
    [
        (1_000.0, 800.0, [1_000, 850, 722]),
        (1_000.0, 1_200.0, [1_000, 1_176, 1_384]),
        (1_000.0, 1_000.0, [1_000, 1_176]),
    ],
)
def test_the_highest_rate_is_found_whether_the_burst_was_faster_or_slower(
    burst: float, sustains: float, tried: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def measure(_settings: object, _subject: object, _load: object, rate: float, *_: object) -> Figures:
        asked.append(round(rate))
        return msgspec.structs.replace(
            measured(rate, (10,) if rate <= sustains else (3_000,)), rate_asked=rate
        )

    monkeypatch.setattr(modes, "burst_rate", lambda *_: burst)
    monkeypatch.setattr(modes, "measure", measure)
    place: Any = type("Stage", (), {"settings": None, "broker": {}})
    found = highest_rate(1, lambda _: None)(place, SUBJECT, SUBJECT)
    assert asked == tried
    assert round(found.rate_asked) == max(rate for rate in asked if rate <= sustains)
