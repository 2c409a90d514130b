"""Answers are made in turns with whatever else a worker does."""

import time
from collections.abc import Callable, Iterable

from streams.producer import BatchProducer, Outgoing

TURN_S = 0.005
"""Time spent on answers before they are sent and the worker's other work has its turn."""


async def deliver_in_turns(
    producer: BatchProducer, answers: Iterable[Outgoing], check: Callable[[], None]
) -> None:
    """Delivers answers as they are made; when it returns every one is acknowledged."""
    made: list[Outgoing] = []
    since_s = time.perf_counter()
    for answer in answers:
        made.append(answer)
        if time.perf_counter() - since_s > TURN_S:
            await producer.deliver(made, check)
            made, since_s = [], time.perf_counter()
    await producer.deliver(made, check)
