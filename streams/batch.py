"""Interactions of one batch, read and applied to user state: what comes of it, before anything is written."""

import logging
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from online.events import POSITIVE_ACTIONS, Cursor, Event, Example, ExampleRun
from online.ranking.list_log import sampled
from online.state import UserState
from streams import metrics
from streams.dead_letters import letter
from streams.decoding import Decoded, EventDecoder, Refusal, root_of
from streams.event_ids import as_known, event_hash, event_id_of, place_of
from streams.events import Cause, Interaction, RefusalError, Scalar
from streams.homes import sent_home, too_large_for_home
from streams.list_logs import ListLogs
from streams.producer import Outgoing
from streams.settings import Settings
from streams.stores.lists import PublishedLists
from streams.stores.users import UserStore
from streams.topics import home_partition

logger = logging.getLogger(__name__)

FUTURE_LIMIT_MS = 5 * 60 * 1000
"""Nothing counts as later than so long after Kafka's timestamp, which may be the producer's, and after this worker's
clock: statistics would take all that comes before an event dated 2099 for late."""
MINUTE_MS = 60_000
RUN_EXAMPLES = 128
"""In one record of `examples`, which has 16 MiB: with ids of 1 kB and the list that stood, an example has 80 kB."""

_decoder = EventDecoder(Interaction)
_encode = msgspec.json.Encoder().encode


def decode(value: bytes | None) -> Decoded[Interaction]:
    """The interactions of one message; never raises."""
    decoded = _decoder.decode(value)
    if decoded.newer_count:
        metrics.NEWER_SCHEMA.labels(topic="interactions").inc(decoded.newer_count)
    return decoded


def to_event(
    record: Any,  # noqa: ANN401  # aiokafka's record
    index: int,
    interaction: Interaction,
    topic_id: str,
    now_ms: int,
) -> Event:
    """The interaction with its place, its id's hash and a timestamp bounded by the record's and by now."""
    timestamp_ms = record.timestamp if interaction.timestamp_ms is None else interaction.timestamp_ms
    return Event(
        user_id=interaction.user_id,
        item_id=interaction.item_id,
        action=interaction.action,
        value=float(interaction.value),
        timestamp_ms=min(timestamp_ms, min(record.timestamp, now_ms) + FUTURE_LIMIT_MS),
        event_hash=event_hash(event_id_of(record, index, interaction, record.topic, topic_id)),
        cursor=Cursor(topic_id, record.partition, record.offset, index),
    )


class Touched(msgspec.Struct):
    """A user with events in the batch, and the last of them."""

    state: UserState
    partition: int
    cause: Cause
    since_ms: int
    """Kafka's timestamp of the oldest event that the list answers."""
    context: Mapping[str, Scalar] = {}
    """What the last event says of its surroundings."""
    index: int = 0
    """Of the last event, within a packed message."""

    @property
    def place(self) -> str:
        """Where that event lies, as one word; by its id somebody could be named."""
        return place_of(self.cause.topic, self.cause.partition, self.cause.offset, self.index)


class Batch:
    """Applies events in order and collects users to be given a list, examples, forwards and dead letters."""

    def __init__(
        self,
        settings: Settings,
        users: UserStore,
        lists: PublishedLists,
        logs: ListLogs,
        topic_id: str,
        now_ms: int,
        hurried: bool,
    ) -> None:
        self._settings = settings
        self._users = users
        self._lists = lists
        self._logs = logs
        self._topic_id = topic_id
        self._now_ms = now_ms
        self.hurried = hurried
        """See `streams.hurry`."""
        self.touched: dict[str, Touched] = {}
        self.outgoing: list[Outgoing] = []
        """Dead letters and events sent home."""
        self.event_count = 0
        self.applied_count = 0
        """Of the events, those that were new to their users' states."""
        self.oldest_ms = now_ms
        """Timestamp of the oldest record."""
        self._examples: dict[int, list[Example]] = {}
        self._span: dict[int, tuple[tuple[int, int], tuple[int, int]]] = {}

    def refuse(self, record: Any, refusal: Refusal) -> None:  # noqa: ANN401  # aiokafka's record
        """Keeps an event that cannot be used, with the reason."""
        self.outgoing.append(letter(self._settings, "interactions", record, refusal, self._now_ms))

    def add(self, record: Any, index: int, interaction: Interaction) -> None:  # noqa: ANN401  # aiokafka's record
        """Applies one event of a record."""
        try:
            self._take(record, index, interaction)
        except Exception as exc:
            logger.exception("event %s-%d-%d[%d]", record.topic, record.partition, record.offset, index)
            error = RefusalError("internal", "$", f"{type(exc).__name__}: {exc}")
            self.refuse(record, Refusal(index, _encode(interaction), error))
        place = (record.offset, index)
        self._span[record.partition] = (self._span.get(record.partition, (place, place))[0], place)
        self.event_count += 1
        self.oldest_ms = min(self.oldest_ms, record.timestamp)

    def runs(self) -> list[ExampleRun]:
        """The examples, by source partition in order: one run, or more where one record could not hold them."""
        for examples in self._examples.values():
            _sample_logs(examples)
        return [run for partition in self._examples for run in self._runs_of(partition)]

    def _runs_of(self, partition: int) -> Iterator[ExampleRun]:
        (first, last), examples = self._span[partition], self._examples[partition]
        for start in range(0, len(examples), RUN_EXAMPLES):
            part, left = examples[start : start + RUN_EXAMPLES], examples[start + RUN_EXAMPLES :]
            end = (part[-1].offset, part[-1].index) if left else last
            yield ExampleRun(self._topic_id, partition, first, end, part)
            first = end

    def _take(self, record: Any, index: int, interaction: Interaction) -> None:  # noqa: ANN401  # aiokafka's record
        event_id = event_id_of(record, index, interaction, record.topic, self._topic_id)
        home = home_partition(interaction.user_id, self._settings.partitions)
        if home != record.partition:
            self._send_home(record, index, interaction, event_id, home)
            return
        event = to_event(record, index, interaction, self._topic_id, self._now_ms)
        # What this batch has changed is packed at its end; until then the store may have dropped it for others.
        touched = self.touched.get(event.user_id)
        if touched is None:
            state, since_ms = self._users.get(event.user_id, home), record.timestamp
            self._lists.stood(state)
        else:
            state, since_ms = touched.state, touched.since_ms
        if interaction.event_id is not None:
            event = as_known(event, event_id, state)
        limit = self._settings.events_per_minute
        if limit and not state.admits(event, record.timestamp // MINUTE_MS, limit):
            message = f"more than {limit} events of one user in a minute (FRESHET_EVENTS_PER_MINUTE)"
            path = f"{root_of(record.value, index)}.user_id"
            self.refuse(record, Refusal(index, _encode(interaction), RefusalError("too_many", path, message)))
            return
        log = self._logs.log(state, event, self.hurried)
        example = state.apply(event)
        if example is not None:
            example.list_log = log
            example.list_id = interaction.list_id
            self.applied_count += 1
            self._examples.setdefault(home, []).append(example)
        elif state.is_stub:
            return  # what lies before an erasure comes again: nobody is there to have a list
        cause = Cause("interaction", event_id, record.topic, home, record.offset, record.timestamp)
        context = interaction.context or {}
        self.touched[event.user_id] = Touched(state, home, cause, since_ms, context, index)

    def _send_home(
        self, record: Any, index: int, interaction: Interaction, event_id: str, home: int  # noqa: ANN401  # aiokafka's record
    ) -> None:  # fmt: skip
        interaction.event_id = event_id
        if interaction.timestamp_ms is None:
            interaction.timestamp_ms = record.timestamp
        value = _encode(interaction)
        if error := too_large_for_home(self._settings, "interactions", len(value)):
            self.refuse(record, Refusal(index, value, error))
            return
        self.outgoing.append(sent_home("interactions", record, index, interaction.user_id, value, home))


def _sample_logs(examples: list[Example]) -> None:
    """Thins the logs of lists, now that it is known what the batch's events had of them."""
    had: dict[tuple[str, int], list[str]] = {}
    for example in examples:
        if example.action in POSITIVE_ACTIONS:
            had.setdefault((example.user_id, example.timestamp_ms), []).append(example.item_id)
    for example in examples:
        if example.list_log is not None:
            item_ids = had.get((example.user_id, example.timestamp_ms), [])
            example.list_log = sampled(example.list_log, item_ids, example.event_hash)
