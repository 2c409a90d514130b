"""requests → responses: a list on request, also for a user without a single event."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import faust
import msgspec

from online.state import UserState
from streams import metrics
from streams.app import add_agent
from streams.clock import now_ms
from streams.dead_letters import letter
from streams.decoding import Decoded, EventDecoder, Refusal
from streams.events import RefusalError, Request, Response
from streams.lists import ListMaker
from streams.liveness import Liveness
from streams.producer import BatchProducer, Outgoing
from streams.runs import Run
from streams.settings import Settings
from streams.stores.users import UserStore
from streams.topics import full_name, home_partition

logger = logging.getLogger(__name__)

REPLY_HEADER = "reply-partition"
"""On a request that was sent home: the partition it was first written to, where the answer is awaited."""

ECHO_LIMIT = 128 * 1024
"""Bytes of key and headers that are echoed; a request with more is refused, since its response may not fit."""

_decoder = EventDecoder(Request)
_encode = msgspec.json.Encoder().encode


class RequestsToResponses:
    """Answers batches of requests. Reads user states, changes none."""

    def __init__(
        self,
        settings: Settings,
        users: UserStore,
        lists: ListMaker,
        producer: BatchProducer,
        liveness: Liveness,
    ) -> None:
        self._settings = settings
        self._users = users
        self._lists = lists
        self._producer = producer
        self._check = liveness.check
        self._responses = full_name(settings, "responses")

    async def work(self, runs: Sequence[Run]) -> None:
        """Answers a batch; when it returns every answer is acknowledged."""
        await self._users.ready.wait()
        outgoing: list[Outgoing] = []
        asked_ms: list[int] = []
        for record in (record for run in runs if run.is_current() for record in run):
            decoded = _decode(record)
            outgoing += [letter(self._settings, "requests", record, r, now_ms()) for r in decoded.refusals]
            outgoing += [self._answer(record, request) for _, request in decoded.events]
            metrics.EVENTS.labels(topic="requests").inc(len(decoded.events))
            asked_ms += [record.timestamp] * len(decoded.events)
        await self._producer.deliver(outgoing, self._check)
        for request_ms in asked_ms:
            metrics.REQUEST_TO_RESPONSE.observe(max(0, now_ms() - request_ms) / 1000)

    def _answer(self, record: Any, request: Request) -> Outgoing:  # noqa: ANN401  # aiokafka's record
        home = record.partition
        if request.user_id is not None:
            home = home_partition(request.user_id, self._settings.partitions)
            if home != record.partition:
                return self._send_home(record, request, home)
        try:
            response = self._respond(request, home)
        except Exception as exc:
            logger.exception("request %s", request.request_id)
            error = f"internal: {type(exc).__name__}: {exc}"
            response = Response(request.request_id, [], now_ms(), self._lists.model_version, error)
        headers = [(name, value) for name, value in record.headers if name != REPLY_HEADER]
        return Outgoing(
            self._responses, record.key, _encode(response), self._reply_to(record), headers=headers
        )

    def _reply_to(self, record: Any) -> int:  # noqa: ANN401  # aiokafka's record
        """Where the answer is awaited. A client's own header of that name can hold anything."""
        reply = dict(record.headers).get(REPLY_HEADER) or b""
        if reply.isdigit() and len(reply) < 5 and int(reply) < self._settings.partitions:
            return int(reply)
        return int(record.partition)

    def _respond(self, request: Request, home: int) -> Response:
        if request.user_id is None or not self._users.owns(home):
            state = UserState("")
        else:
            state = self._users.get(request.user_id, home)
        items = self._lists.ranked(state, now_ms(), request.k, request.exclude)
        return Response(request.request_id, items, now_ms(), self._lists.model_version)

    def _send_home(self, record: Any, request: Request, home: int) -> Outgoing:  # noqa: ANN401  # aiokafka's record
        metrics.FORWARDED.labels(topic="requests").inc()
        return Outgoing(
            record.topic,
            record.key,
            _encode(request),
            partition=home,
            timestamp_ms=record.timestamp,
            headers=[*record.headers, (REPLY_HEADER, str(record.partition).encode())],
        )


def _decode(record: Any) -> Decoded[Request]:  # noqa: ANN401  # aiokafka's record
    echoed_bytes = len(record.key or b"") + sum(len(name) + len(v or b"") for name, v in record.headers)
    if echoed_bytes > ECHO_LIMIT:
        message = f"key and headers have {echoed_bytes} bytes, at most {ECHO_LIMIT} can be echoed"
        return Decoded([], [Refusal(0, record.value or b"", RefusalError("too_large", "$", message))], 0)
    return _decoder.decode(record.value)


def connect(
    app: faust.App, settings: Settings, worker: RequestsToResponses, fail: Callable[[BaseException], None]
) -> None:
    """Makes the agent that feeds the worker; what goes wrong in it is given to `fail`."""

    async def requests_to_responses(runs: list[Run], acknowledge: Callable[[], object]) -> None:
        await worker.work(runs)
        acknowledge()

    add_agent(app, settings, "requests", requests_to_responses, fail)
