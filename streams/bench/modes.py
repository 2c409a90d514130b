"""The ways to measure a subject: at a given rate, and at the highest rate that it sustains."""

from collections.abc import Callable

from streams.bench.drain import burst_rate
from streams.bench.measure import Figures, Load, measure
from streams.bench.stage import Stage
from streams.bench.subjects import BenchError, Subject

SUSTAINED_MS = 2000
"""No event may be older than this without a list."""
HELD_RATIO = 0.97
"""Where the generator held less of the rate asked, nothing is said about the subject."""
BURST_EVENTS = 20_000
STEP_RATIO = 0.85
STEP_LIMIT = 14

Mode = Callable[[Stage, Subject, Load], Figures]


def at_rate(rate: float, seconds: float) -> Mode:
    """Measures at one rate."""
    return lambda stage, subject, load: measure(stage.settings, subject, load, rate, seconds, stage.broker)


def highest_rate(seconds: float, say: Callable[[str], None]) -> Mode:
    """Finds the highest rate at which every list is at most 2 s old, in steps from that at which a burst is worked.

    That is mostly more than a subject sustains, since events of one user then share a list: from there each step asks
    15 % less, until one is sustained. Where it is less, as of a burst that is over too soon, steps go up until one is
    not.
    """

    def find(stage: Stage, subject: Subject, load: Load) -> Figures:
        rate = burst_rate(stage, subject, load, BURST_EVENTS)
        say(f"  {subject.name} works a burst of {BURST_EVENTS:,} at {rate:,.0f} events/s")
        best: Figures | None = None
        was_held: bool | None = None
        for _ in range(STEP_LIMIT):
            found = measure(stage.settings, subject, load, rate, seconds, stage.broker)
            say(f"  at {rate:,.0f}/s: held {found.rate_held:,.0f}, oldest {found.oldest_ms:,.0f} ms")
            holds = sustained(found)
            best = found if holds else best
            if was_held not in {None, holds}:
                break
            was_held, rate = holds, rate / STEP_RATIO if holds else rate * STEP_RATIO
        if best is not None:
            return best
        msg = f"{subject.name} sustained no rate down to {rate:,.0f} events/s; {subject.last_words()}"
        raise BenchError(msg)

    return find


def sustained(found: Figures) -> bool:
    """Whether the rate was sent, and every event answered within the limit."""
    held = found.rate_held >= HELD_RATIO * found.rate_asked
    return held and not found.unanswered and found.oldest_ms <= SUSTAINED_MS
