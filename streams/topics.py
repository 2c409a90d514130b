"""The topics: one table, created and checked from it, and each id's home partition."""

import time
from collections.abc import Iterable
from functools import lru_cache

from aiokafka.partitioner import murmur2
from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not in its __all__
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from msgspec import Struct

from streams.settings import Settings

MIB = 1024 * 1024
HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
_LEADERS_S = 30.0
"""How long partitions may be without a leader: it takes a moment after a broker's start."""

_REASONS = {
    KafkaError.UNKNOWN_TOPIC_OR_PART: "missing; try `freshet topics create`",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: "not for this client to see; `freshet topics acls` says what to grant",
}


class TopicsError(RuntimeError):
    """Topics are missing or differ from the table; the message names each difference."""


class Topic(Struct, frozen=True):
    """One row of the table; the base name, without a tenant's prefix."""

    name: str
    partitions: int
    cleanup: str
    retention_ms: int = 7 * DAY_MS
    max_message_bytes: int = MIB
    min_compaction_lag_ms: int = 0
    names_users: bool = False
    """Whether records name users: then Kafka's files are kept so short that it can be said when they are gone."""

    @property
    def config(self) -> dict[str, str]:
        """Kafka's topic configuration."""
        config = {"cleanup.policy": self.cleanup, "max.message.bytes": str(self.max_message_bytes)}
        if self.cleanup == "delete":
            config["retention.ms"] = str(self.retention_ms)
            if self.names_users:
                config["segment.ms"] = str(DAY_MS)
        else:
            config["min.compaction.lag.ms"] = str(self.min_compaction_lag_ms)
            if self.names_users:
                config["max.compaction.lag.ms"] = config["segment.ms"] = str(6 * HOUR_MS)
                config["delete.retention.ms"] = str(DAY_MS)
        return config


def table(settings: Settings) -> dict[str, Topic]:
    """Every topic by its base name; those with `settings.partitions` are all partitioned by user."""
    p = settings.partitions
    rows = [
        Topic("interactions", p, "delete", names_users=True),
        Topic("media", 4, "delete", retention_ms=365 * DAY_MS, max_message_bytes=16 * MIB),
        Topic("requests", p, "delete", retention_ms=DAY_MS, names_users=True),
        Topic("responses", p, "delete", retention_ms=DAY_MS, names_users=True),
        Topic("queries", 4, "delete", retention_ms=DAY_MS, max_message_bytes=2 * MIB, names_users=True),
        Topic("erasures", p, "delete", names_users=True),
        Topic("erasure-receipts", p, "delete", names_users=True),
        Topic("recommendations", p, "compact", names_users=True),
        Topic("dead-letters", 1, "delete", names_users=True),
        Topic("items", 4, "compact", max_message_bytes=16 * MIB),
        Topic("embeddings", 4, "compact"),
        # An hour in which a zombie's late write cannot push out its successor's state.
        Topic("users", p, "compact", min_compaction_lag_ms=HOUR_MS, names_users=True),
        Topic("examples", 1, "delete", max_message_bytes=16 * MIB, names_users=True),
        Topic("model", 1, "compact"),
        Topic("rules", 1, "compact"),
    ]
    return {row.name: row for row in rows}


def full_name(settings: Settings, base: str) -> str:
    """A topic's name on the cluster."""
    return settings.topic_prefix + base


def group_name(settings: Settings, role: str) -> str:
    """The consumer group of a role."""
    return f"{settings.topic_prefix}freshet-{role}"


@lru_cache(maxsize=131_072)
def home_partition(key: str, partitions: int) -> int:
    """The partition an id belongs to, as Kafka chooses for its UTF-8 bytes."""
    return partition_of(key.encode(), partitions)


def partition_of(key: bytes, partitions: int) -> int:
    """The partition that Kafka's clients choose for a key: murmur2 mod partitions."""
    return int((murmur2(key) & 0x7FFFFFFF) % partitions)


def create(admin: AdminClient, settings: Settings) -> list[str]:
    """Creates what is missing and waits until it can be used; existing topics are left alone.

    Returns:
        Names of the topics created.

    Raises:
        TopicsError: The cluster refused one, with its reason.
        TimeoutError: Partitions have no leader.
    """
    wanted = [
        NewTopic(full_name(settings, row.name), row.partitions, settings.kafka_replication, config=row.config)
        for row in table(settings).values()
    ]
    created: list[str] = []
    for name, future in admin.create_topics(wanted).items():
        try:
            future.result(timeout=30)
            created.append(name)
        except KafkaException as exc:
            if exc.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                msg = f"cannot create topic {name}: {exc.args[0].str()}"
                raise TopicsError(msg) from None
    if created:
        # A broker acknowledges a topic before its own metadata have it.
        await_leaders(admin, settings)
    return sorted(created)


def delete(admin: AdminClient, settings: Settings, others: Iterable[str] = ()) -> None:
    """Deletes what there is of the table's topics, and others by their names.

    Raises:
        TopicsError: The cluster refused, with its reason.
    """
    names = [full_name(settings, base) for base in table(settings)]
    for name, future in admin.delete_topics([*names, *others]).items():
        try:
            future.result(timeout=30)
        except KafkaException as exc:
            if exc.args[0].code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
                msg = f"cannot delete topic {name}: {exc.args[0].str()}"
                raise TopicsError(msg) from None


def differences(admin: AdminClient, settings: Settings) -> list[str]:
    """Every difference between the table and the cluster, one sentence each, with what to do."""
    existing = admin.list_topics(timeout=10).topics
    found: list[str] = []
    present: list[Topic] = []
    for row in table(settings).values():
        name = full_name(settings, row.name)
        if name not in existing:
            found.append(f"{name}: missing; try `freshet topics create`")
            continue
        present.append(row)
        count = len(existing[name].partitions)
        if count != row.partitions:
            # Where it is the setting that is wrong, nothing is to be deleted.
            first = (
                "set FRESHET_PARTITIONS as when it was created, or "
                if row.partitions == settings.partitions
                else ""
            )
            found.append(
                f"{name}: {count} partitions, expected {row.partitions}; {first}it must be created anew"
            )
    return found + list(_config_differences(admin, settings, present))


def alter(admin: AdminClient, settings: Settings) -> list[str]:
    """Gives topics that exist the configuration of the table, as after an upgrade; what it says nothing of stays.

    Returns:
        The differences that are left, as `differences` does: Kafka changes no number of partitions for us.

    Raises:
        TopicsError: The cluster refused, with its reason.
    """
    existing = admin.list_topics(timeout=10).topics
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            full_name(settings, row.name),
            incremental_configs=[
                ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
                for name, value in row.config.items()
            ],
        )
        for row in table(settings).values()
        if full_name(settings, row.name) in existing
    ]
    for resource, future in (admin.incremental_alter_configs(resources) if resources else {}).items():
        try:
            future.result(timeout=30)
        except KafkaException as exc:
            msg = f"cannot alter topic {resource.name}: {exc.args[0].str()}"
            raise TopicsError(msg) from None
    # What was changed shows on the broker asked a moment later.
    deadline_s = time.monotonic() + 10
    while (left := differences(admin, settings)) and time.monotonic() < deadline_s:
        if all("try `freshet topics alter`" not in line for line in left):
            break
        time.sleep(0.2)
    return left


def _config_differences(admin: AdminClient, settings: Settings, rows: list[Topic]) -> Iterable[str]:
    resources = {ConfigResource(ResourceType.TOPIC, full_name(settings, row.name)): row for row in rows}
    futures = admin.describe_configs(list(resources)) if resources else {}
    for resource, future in futures.items():
        actual = future.result(timeout=30)
        for key, expected in resources[resource].config.items():
            value = actual[key].value
            if value != expected:
                yield f"{resource.name}: {key} is {value}, expected {expected}; try `freshet topics alter`"


def ensure(admin: AdminClient, settings: Settings) -> None:
    """Checks that every topic is as the table says.

    Raises:
        TopicsError: With every difference, in one line; topics of which the same is to be said are named together.
    """
    found = differences(admin, settings)
    if found:
        names: dict[str, list[str]] = {}
        for line in found:
            name, _, said = line.partition(": ")
            names.setdefault(said, []).append(name)
        msg = "; ".join(f"{', '.join(same)}: {said}" for said, same in names.items())
        raise TopicsError(msg)


def await_leaders(admin: AdminClient, settings: Settings) -> None:
    """Waits until every partition has a leader, which takes a moment after a broker's start.

    Raises:
        TimeoutError: Some have none in time.
    """
    names = {full_name(settings, row.name) for row in table(settings).values()}
    deadline_s = time.monotonic() + _LEADERS_S
    while True:
        topics = admin.list_topics(timeout=10).topics
        without = sorted(
            name
            for name in names
            if name not in topics or any(p.leader < 0 for p in topics[name].partitions.values())
        )
        if not without:
            return
        if time.monotonic() > deadline_s:
            msg = f"no leader within {_LEADERS_S:g} s for partitions of {', '.join(without)}: are all brokers up?"
            raise TimeoutError(msg)
        time.sleep(0.2)


def partition_count(admin: AdminClient, settings: Settings, base: str) -> int:
    """The number of partitions of a topic on the cluster: what an id's home depends on.

    Raises:
        TopicsError: There is no such topic.
    """
    name = full_name(settings, base)
    # All topics are asked for: asking for one by name may create it.
    topic = admin.list_topics(timeout=10).topics.get(name)
    if topic is None:
        # Either there is none, or this client may not know.
        topic_ids(admin, [name])
        msg = f"{name}: missing; try `freshet topics create`"
        raise TopicsError(msg)
    return len(topic.partitions)


def topic_ids(admin: AdminClient, names: Iterable[str]) -> dict[str, str]:
    """The cluster's id of each topic; a re-created topic has another.

    Raises:
        TopicsError: A topic is missing, or not for this client to see.
        KafkaException: The cluster does not answer.
    """
    ids: dict[str, str] = {}
    for name, future in admin.describe_topics(TopicCollection(list(names))).items():
        try:
            ids[name] = str(future.result(timeout=30).topic_id)
        except KafkaException as exc:
            reason = _REASONS.get(exc.args[0].code())
            if reason is None:
                raise
            msg = f"{name}: {reason}"
            raise TopicsError(msg) from None
    return ids
