"""Doing something as a user: one interaction, written to Kafka as any producer would."""

import asyncio
import secrets
from http import HTTPStatus

import msgspec
from confluent_kafka import Message, Producer
from starlette.requests import Request
from starlette.responses import Response

from streams.choices import told
from streams.clock import now_ms
from streams.console.asked import Accepted, Place
from streams.console.problems import ApiError
from streams.console.reading import json_response
from streams.events import Interaction
from streams.kafka import client_config, produce_one
from streams.pseudonyms import Pseudonyms, rename
from streams.settings import Settings
from streams.topics import full_name, home_partition

BODY_BYTES = 65_536
DELIVERY_S = 10.0


class InteractionEndpoints:
    """Produces interactions."""

    def __init__(self, settings: Settings, names: Pseudonyms, partitions: int) -> None:
        """`names`: what users are called in Kafka. `partitions`: of `interactions`."""
        self._names = names
        self._topic = full_name(settings, "interactions")
        self._partitions = partitions
        self._producer = Producer(
            client_config(settings) | {"message.timeout.ms": int(DELIVERY_S * 1000), "linger.ms": 0}
        )

    def connect(self) -> None:
        """Connects beforehand, so that the first event does not wait for it.

        Raises:
            KafkaException: Kafka does not answer.
        """
        self._producer.list_topics(self._topic, timeout=DELIVERY_S)

    async def act(self, request: Request) -> Response:
        """Takes an Interaction; it gets an id and a time of its own unless it has them."""
        event = await _interaction(request)
        rename(event, self._names.of)
        message = await asyncio.to_thread(self.produce, event)
        place = Place(int(message.partition() or 0), int(message.offset() or 0), message.timestamp()[1])
        response = json_response(Accepted(event.event_id or "", place))
        response.status_code = HTTPStatus.ACCEPTED
        return response

    def produce(self, event: Interaction) -> Message:
        """The record as Kafka acknowledged it; waits for that.

        Raises:
            KafkaException: It was not acknowledged in time.
        """
        return produce_one(
            self._producer,
            self._topic,
            event.user_id.encode(),
            msgspec.json.encode(event),
            home_partition(event.user_id, self._partitions),
            DELIVERY_S,
        )


async def _interaction(request: Request) -> Interaction:
    """The body's event, complete.

    Raises:
        ApiError: It is not valid, or too large.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_BYTES:
            what, attempt = f"an event has at most {BODY_BYTES:,} bytes here", "leave out some of its context"
            raise ApiError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, what, "body", attempt)
    try:
        event = msgspec.json.decode(body, type=Interaction)
    except msgspec.DecodeError as exc:
        what, attempt = told(exc, Interaction), "see Interaction in /openapi.json"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, what, "body", attempt) from None
    event.event_id = event.event_id or f"console-{secrets.token_hex(8)}"
    event.timestamp_ms = now_ms() if event.timestamp_ms is None else event.timestamp_ms
    return event
