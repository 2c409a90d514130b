"""How soon a worker answers requests while it handles events: open-loop, as for events."""

from secrets import token_hex

import numpy as np
from msgspec import Struct

from streams.bench.asking import Answered, Asking, answered
from streams.bench.measure import LEAD_S, Figures, Load, await_first_list, measure
from streams.bench.stage import stage, warm
from streams.bench.subjects import freshet
from streams.events import Request
from streams.settings import Settings

KINDS = ("recommend", "session", "trending")
"""What is asked, in turns: a user's list, a session's, and what is trending."""
SESSION_ITEMS = 5


class RequestFigures(Struct):
    """What was measured."""

    rate: float
    """Requests a second that were asked for."""
    rate_held: float
    by_kind: dict[str, Answered]
    all: Answered
    events: Figures
    """What became of the events meanwhile."""


def _request(request_id: str, number: int, load: Load, rng: np.random.Generator) -> Request:
    kind = KINDS[number % len(KINDS)]
    if kind == "trending":
        return Request(request_id, "trending")
    if kind == "session":
        recent = [f"item-{item}" for item in rng.integers(0, load.items, SESSION_ITEMS).tolist()]
        return Request(request_id, recent_item_ids=recent)
    return Request(request_id, user_id=f"user-{rng.integers(0, load.users)}")


def measure_requests(
    settings: Settings, load: Load, rate: float, events_rate: float, seconds: float
) -> RequestFigures:
    """Asks one recommend worker so many requests a second while so many events a second come.

    Raises:
        BenchError: Workers do not start, do not catch up, or end.
    """
    with stage(settings) as place, freshet(place.settings) as subject:
        await_first_list(place.settings, subject)
        warm(place, subject, load)
        tag, rng = token_hex(4), np.random.default_rng(load.seed)
        requests = [
            _request(f"{tag}-{number}", number, load, rng) for number in range(int(rate * (LEAD_S + seconds)))
        ]
        asking = Asking(place.settings, requests, rate, skipped=int(rate * LEAD_S))
        events = measure(place.settings, subject, load, events_rate, seconds, place.broker, asking.start)
        answers = asking.answers()
    by_kind = {}
    for place_of_kind, kind in enumerate(KINDS):
        ids = {request.request_id for request in requests[place_of_kind :: len(KINDS)]}
        due_ms = {request_id: at_ms for request_id, at_ms in asking.due_ms.items() if request_id in ids}
        by_kind[kind] = answered(due_ms, answers)
    return RequestFigures(rate, round(asking.rate_held, 1), by_kind, answered(asking.due_ms, answers), events)
