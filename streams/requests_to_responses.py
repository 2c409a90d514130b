"""requests → responses: a list on request, also for a user without a single event; a search → queries."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import faust
import msgspec

from online.state import UserState
from streams import metrics
from streams.answers import Answers, too_late
from streams.app import add_worker
from streams.clock import now_ms
from streams.dead_letters import letter
from streams.decoding import Decoded, EventDecoder, Refusal
from streams.door import Door
from streams.events import ListItem, RefusalError, Request
from streams.homes import too_large_for_home
from streams.liveness import Liveness
from streams.producer import BatchProducer, Outgoing
from streams.queries import SearchQuery, encode_query
from streams.runs import Run
from streams.settings import Settings
from streams.stores.users import UserStore
from streams.topics import full_name, home_partition
from streams.turns import deliver_in_turns

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
        answers: Answers,
        producer: BatchProducer,
        liveness: Liveness,
    ) -> None:
        self._settings = settings
        self._users = users
        self._answers = answers
        self._producer = producer
        self._check = liveness.check
        self._door = Door(settings)
        self._responses = full_name(settings, "responses")
        self._queries = full_name(settings, "queries")

    async def work(self, runs: Sequence[Run]) -> None:
        """Answers a batch; when it returns every answer is acknowledged."""
        await self._users.ready.wait()
        asked_ms: list[int] = []
        await deliver_in_turns(self._producer, self._answered(runs, asked_ms), self._check)
        for request_ms in asked_ms:
            metrics.REQUEST_TO_RESPONSE.observe(max(0, now_ms() - request_ms) / 1000)

    def _answered(self, runs: Sequence[Run], asked_ms: list[int]) -> Iterator[Outgoing]:
        """Refusals and answers; notes when each request was written."""
        # Others have their turn in between, and a run may be superseded in it.
        for record in (record for run in runs for record in run if run.is_current()):
            decoded = self._door.let_in(_decode(record), record.value)
            yield from (letter(self._settings, "requests", record, r, now_ms()) for r in decoded.refusals)
            yield from (self._answer(record, index, request) for index, request in decoded.events)
            metrics.EVENTS.labels(topic="requests").inc(len(decoded.events))
            metrics.NEWER_SCHEMA.labels(topic="requests").inc(decoded.newer_count)
            asked_ms += [record.timestamp] * len(decoded.events)

    def _answer(self, record: Any, index: int, request: Request) -> Outgoing:  # noqa: ANN401  # aiokafka's record
        home = record.partition
        if request.user_id is not None:
            home = home_partition(request.user_id, self._settings.partitions)
            if home != record.partition:
                return self._send_home(record, index, request, home)
        state = UserState("")
        if request.user_id is not None and self._users.owns(home):
            state = self._users.get(request.user_id, home)
        headers = [(name, value) for name, value in record.headers if name != REPLY_HEADER]
        reply = self._reply_to(record)
        if request.kind == "search" and too_late(request) is None:
            query = SearchQuery(request, list(state.hidden), record.key, headers, reply)
            return Outgoing(self._queries, request.request_id.encode(), encode_query(query))
        response = self._answers.response(request, lambda: self._items(request, state))
        return Outgoing(self._responses, record.key, _encode(response), reply, headers=headers)

    def _reply_to(self, record: Any) -> int:  # noqa: ANN401  # aiokafka's record
        """Where the answer is awaited. A client's own header of that name can hold anything."""
        reply = dict(record.headers).get(REPLY_HEADER) or b""
        if reply.isdigit() and len(reply) < 5 and int(reply) < self._settings.partitions:
            return int(reply)
        return int(record.partition)

    def _items(self, request: Request, state: UserState) -> list[ListItem]:
        if request.kind == "similar":
            return self._answers.similar(request, state.hidden)
        if request.kind == "trending":
            return self._answers.trending(request, state)
        return self._answers.recommend(request, state)

    def _send_home(self, record: Any, index: int, request: Request, home: int) -> Outgoing:  # noqa: ANN401  # aiokafka's record
        value = _encode(request)
        if error := too_large_for_home(self._settings, "requests", len(value) + echoed_bytes(record)):
            return letter(self._settings, "requests", record, Refusal(index, value, error), now_ms())
        metrics.FORWARDED.labels(topic="requests").inc()
        return Outgoing(
            record.topic,
            record.key,
            value,
            partition=home,
            timestamp_ms=record.timestamp,
            headers=[*record.headers, (REPLY_HEADER, str(record.partition).encode())],
        )


def echoed_bytes(record: Any) -> int:  # noqa: ANN401  # any record
    """Of a request's record, how much its answer has to carry too."""
    return len(record.key or b"") + sum(len(name) + len(value or b"") for name, value in record.headers)


def _decode(record: Any) -> Decoded[Request]:  # noqa: ANN401  # aiokafka's record
    size_bytes = echoed_bytes(record)
    if size_bytes > ECHO_LIMIT:
        message = f"key and headers have {size_bytes} bytes, at most {ECHO_LIMIT} can be echoed"
        return Decoded([], [Refusal(0, record.value or b"", RefusalError("too_large", "$", message))], 0)
    return _decoder.decode(record.value)


def connect(
    app: faust.App, settings: Settings, worker: RequestsToResponses, fail: Callable[[BaseException], None]
) -> None:
    """Makes the agent that feeds the worker; what goes wrong in it is given to `fail`."""
    add_worker(app, settings, "requests", "requests_to_responses", worker.work, fail)
