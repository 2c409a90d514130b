"""How far a role's consumer group is behind the end of its topics."""

import logging
import time
from collections import deque
from collections.abc import Iterable, Mapping

from confluent_kafka import Consumer, ConsumerGroupState, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not in its __all__
    AdminClient,
    OffsetSpec,
)

from streams.kafka import DENIALS, client_config, of_leaders
from streams.settings import Settings
from streams.topics import full_name, group_name, table

logger = logging.getLogger(__name__)

READS: dict[str, tuple[str, ...]] = {
    "encode": ("media", "queries"),
    "learn": ("examples",),
    "recommend": ("interactions", "requests", "erasures", "queries"),
}
"""The topics that each role's group commits."""
_WITHOUT_MEMBERS = (ConsumerGroupState.EMPTY, ConsumerGroupState.DEAD)
_ASK_S = 2.0
COORDINATOR_S = 20.0
"""A fresh cluster takes a moment to decide which broker keeps a group's offsets."""
_NO_COORDINATOR_YET = (
    KafkaError.NOT_COORDINATOR, KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
    KafkaError._TIMED_OUT,
)  # fmt: skip
LOOKS_KEPT = 720
"""Of each partition, by UnreadAges: an hour of them; nothing is said to be older."""


class UnreadAges:
    """How long the oldest uncommitted record of each partition has waited, told from looks at the ends alone.

    The record at the committed offset came after the last look at which the end was no higher: that long ago at most.
    """

    def __init__(self) -> None:
        self._looks: dict[tuple[str, int], deque[tuple[float, int]]] = {}

    def look(self, place: tuple[str, int], committed: int, end: int, now_s: float) -> float:
        """Takes one look into account, at a monotonic clock's time.

        Returns:
            Seconds, too many by at most the time between two looks; 0 if nothing is unread. What was unread at the
            first look counts from there.
        """
        looks = self._looks.setdefault(place, deque(maxlen=LOOKS_KEPT))
        looks.append((now_s, end))
        while len(looks) > 1 and looks[1][1] <= committed:
            looks.popleft()
        return 0.0 if end <= committed else now_s - looks[0][0]


def uncommitted(lag: Mapping[tuple[str, int], tuple[int, int]], base: str | None = None) -> int:
    """How many records of what `group_lag` found, or of one topic of it, the group has yet to commit."""
    return sum(end - committed for (of, _), (committed, end) in lag.items() if base in (None, of))


def group_lag(admin: AdminClient, settings: Settings, role: str) -> dict[tuple[str, int], tuple[int, int]]:
    """Committed and end offset by base topic and partition; nothing committed counts as the start.

    Raises:
        KafkaException: The cluster does not answer.
    """
    names = {full_name(settings, base): base for base in READS[role]}
    partitions = [
        TopicPartition(full_name(settings, base), p)
        for base in READS[role]
        for p in range(table(settings)[base].partitions)
    ]
    ends = _offsets(admin, partitions, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # has no stubs
    starts = _offsets(admin, partitions, OffsetSpec.earliest())  # type: ignore[no-untyped-call]  # has no stubs
    committed = committed_offsets(settings, role, partitions)
    return {
        (names[tp.topic], tp.partition): (
            max(committed.get((tp.topic, tp.partition), -1), starts[tp.topic, tp.partition]),
            ends[tp.topic, tp.partition],
        )
        for tp in partitions
    }


def inhabited_roles(admin: AdminClient, settings: Settings) -> list[str]:
    """The roles that have workers at this moment.

    Raises:
        KafkaException: A broker does not answer, or this client may not see a group.
    """
    found = admin.list_consumer_groups().result(timeout=10)
    if found.errors:
        raise found.errors[0]
    states = {group.group_id: group.state for group in found.valid}
    for role in READS:
        if group_name(settings, role) not in states:
            # Of what this client may not see nothing is listed: that it may shows in another question.
            committed_offsets(settings, role, [TopicPartition(full_name(settings, READS[role][0]), 0)])
    return [
        role
        for role in READS
        if states.get(group_name(settings, role), _WITHOUT_MEMBERS[0]) not in _WITHOUT_MEMBERS
    ]


def committed_offsets(
    settings: Settings, role: str, partitions: list[TopicPartition]
) -> dict[tuple[str, int], int]:
    """What a role's group has committed, by topic and partition; negative where it has nothing.

    Raises:
        KafkaException: The cluster does not answer.
    """
    # An admin client could be asked too, but the whole process dies when its answer is that another broker is the
    # group's coordinator, or soon will be (librdkafka issue 5040).
    group = {"group.id": group_name(settings, role), "enable.auto.commit": False}
    consumer = Consumer(client_config(settings) | group)
    deadline_s = time.monotonic() + COORDINATOR_S
    try:
        while True:
            try:
                committed = consumer.committed(partitions, timeout=_ASK_S)
                break
            except KafkaException as exc:
                told = consumer.poll(0)  # that this client may not ask is told here alone
                if told is not None and (error := told.error()) is not None and error.code() in DENIALS:
                    raise KafkaException(error) from None
                if exc.args[0].code() not in _NO_COORDINATOR_YET or time.monotonic() > deadline_s:
                    raise
                time.sleep(0.2)
    finally:
        consumer.close()
    return {(tp.topic, tp.partition): tp.offset for tp in committed}


def await_coordinator(settings: Settings, role: str) -> None:
    """Waits until a broker keeps the role's committed offsets, which takes a moment in a fresh cluster.

    Before that librdkafka's admin client must not be asked about the group: it asks who keeps it three times within
    .3 s, and then neither answers nor ends.

    Raises:
        KafkaException: The cluster does not answer, or none keeps them within COORDINATOR_S.
    """
    try:
        committed_offsets(settings, role, [TopicPartition(full_name(settings, READS[role][0]), 0)])
    except KafkaException as exc:
        if exc.args[0].code() not in DENIALS:  # `ensure_access` says better what is denied
            raise


def end_offsets(admin: AdminClient, topic: str, partitions: Iterable[int]) -> dict[int, int]:
    """One past the last offset of some partitions of a topic, by partition.

    Raises:
        KafkaException: The cluster does not answer.
    """
    places = [TopicPartition(topic, p) for p in partitions]
    ends = _offsets(admin, places, OffsetSpec.latest())  # type: ignore[no-untyped-call]  # has no stubs
    return {partition: offset for (_, partition), offset in ends.items()}


def _offsets(
    admin: AdminClient, partitions: Iterable[TopicPartition], spec: OffsetSpec
) -> dict[tuple[str, int], int]:
    def ask() -> dict[tuple[str, int], int]:
        futures = admin.list_offsets(dict.fromkeys(wanted, spec))
        return {(tp.topic, tp.partition): future.result(timeout=10).offset for tp, future in futures.items()}

    wanted = list(partitions)
    return of_leaders(admin, ask)
