"""Whether searches find what they should, through Kafka and while events stream, and how soon."""

from collections.abc import Mapping, Sequence
from secrets import token_hex
from typing import Any

import msgspec
from confluent_kafka import Producer
from msgspec import Struct

from streams.bench.asking import Answer, Answered, Asking, answered
from streams.bench.measure import Figures, Load, await_first_list, measure
from streams.bench.stage import Stage, stage, wait_caught_up, warm
from streams.bench.subjects import Subject, freshet
from streams.events import Query, Request
from streams.kafka import client_config, produce_with_room
from streams.settings import Settings
from streams.topics import full_name

PLACES = 10
"""What is looked for has to be among the first so many."""
EVENTS_PER_S, USERS = 100, 2_000
ROLES = {"encode": 1, "learn": 1, "recommend": 1}


class Sought(Struct):
    """A query, and the item that it was made of."""

    item_id: str
    query: Query


class SearchFigures(Struct):
    """What was measured."""

    items: int
    found: int
    """Queries whose item was among the first PLACES."""
    first: int
    """Those whose item was the very first."""
    answered: Answered
    rate_held: float
    """Queries a second."""
    events: Figures
    """What became of the events meanwhile."""


def measure_search(
    settings: Settings,
    seed: int,
    media: Sequence[dict[str, Any]],
    sought: Mapping[str, Sequence[Sought]],
    rate: float,
) -> dict[str, SearchFigures]:
    """Sends items, and when they can be searched asks so many queries a second while EVENTS_PER_S come.

    Args:
        settings: Where Kafka is, and the encoders.
        seed: Of the events.
        media: The items, as media events.
        sought: Queries by modality; one modality is asked after the other.
        rate: Queries a second.

    Returns:
        What was measured, by modality.

    Raises:
        BenchError: Workers do not start, do not catch up, or end.
    """
    load = Load(USERS, USERS, seed)
    with stage(settings) as place, freshet(place.settings, ROLES) as subject:
        await_first_list(place.settings, subject)
        _send(place, media)
        wait_caught_up(place, subject, "encode", "media")
        warm(place, subject, load)
        return {
            modality: _asked(place, subject, load, len(media), queries, rate)
            for modality, queries in sought.items()
        }


def _asked(
    place: Stage, subject: Subject, load: Load, items: int, sought: Sequence[Sought], rate: float
) -> SearchFigures:
    tag = token_hex(4)
    requests = [
        Request(f"{tag}-{number}", "search", query=one.query, k=PLACES) for number, one in enumerate(sought)
    ]
    asking = Asking(place.settings, requests, rate)
    seconds = len(sought) / rate
    events = measure(place.settings, subject, load, EVENTS_PER_S, seconds, place.broker, asking.start)
    answers = asking.answers()
    places = [
        _place(one.item_id, answers.get(request.request_id))
        for request, one in zip(requests, sought, strict=True)
    ]
    return SearchFigures(
        items=items,
        found=sum(standing is not None for standing in places),
        first=places.count(0),
        answered=answered(asking.due_ms, answers),
        rate_held=round(asking.rate_held, 1),
        events=events,
    )


def _place(item_id: str, answer: Answer | None) -> int | None:
    """Where the item stands in the answer, from 0 on."""
    ids = [] if answer is None else [item.item_id for item in answer.response.items]
    return ids.index(item_id) if item_id in ids else None


def _send(place: Stage, media: Sequence[dict[str, Any]]) -> None:
    producer = Producer(client_config(place.settings) | {"partitioner": "murmur2_random"})
    topic = full_name(place.settings, "media")
    for one in media:
        produce_with_room(producer, topic, msgspec.json.encode(one), one["item_id"])
    producer.flush(60)
