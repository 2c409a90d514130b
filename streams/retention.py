"""Until when Kafka may still hold what was written of a user, told from the topics as they are configured."""

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not in its __all__
    AdminClient,
    ConfigResource,
    ResourceType,
)

from streams.settings import Settings
from streams.topics import HOUR_MS, Topic, full_name, table

MARGIN_MS = HOUR_MS
"""For what is not instant: a stub that becomes a tombstone, the broker's looks at its files, a pass of its cleaner."""
FOREVER_MS = 253_402_300_799_999
"""The end of the year 9999: no statement is made about later times."""


def held_until(admin: AdminClient, settings: Settings, now_ms: int) -> dict[str, int | None]:
    """When the last record that names a user, and was written before `now_ms`, is gone from each topic.

    Kafka removes whole files (segments). It closes one when its time is over, but only as something is written to its
    partition: on a partition of a compacted topic that stands still, old values stay.

    Returns:
        Milliseconds since the epoch by base name, of the topics that name users; None where there is no such time.

    Raises:
        KafkaException: The cluster does not answer.
    """
    rows = {
        ConfigResource(ResourceType.TOPIC, full_name(settings, row.name)): row
        for row in table(settings).values()
        if row.names_users
    }
    until: dict[str, int | None] = {}
    for resource, future in admin.describe_configs(list(rows)).items():
        config = {name: entry.value for name, entry in future.result(timeout=30).items()}
        kept_ms = _kept_ms(rows[resource], config)
        is_said = 0 <= kept_ms < FOREVER_MS - now_ms
        until[rows[resource].name] = now_ms + kept_ms if is_said else None
    return until


def latest(until: dict[str, int | None]) -> int | None:
    """The latest of these times; None if one of them is."""
    known = [at_ms for at_ms in until.values() if at_ms is not None]
    return max(known, default=0) if len(known) == len(until) else None


def _kept_ms(row: Topic, config: dict[str, str]) -> int:
    """How long after it was written a record, or an older one of a key with a tombstone, is there at the longest.

    Negative where it stays.
    """
    if row.cleanup == "delete":
        retention_ms = int(config["retention.ms"])
        if retention_ms < 0:
            return -1
        # A file is as old as its newest record, whose time its producer may have set ahead.
        ahead_ms = int(config.get("message.timestamp.after.max.ms", "0"))
        return retention_ms + int(config["segment.ms"]) + ahead_ms + MARGIN_MS
    # A file is closed after the lag, and cleaned before it is as old again. The tombstone, which names the user too,
    # stays so much longer and goes with the next cleaning: of a file closed after the lag, or less, and as old again.
    lag_ms = min(int(config["max.compaction.lag.ms"]), FOREVER_MS)
    return 4 * lag_ms + int(config["delete.retention.ms"]) + MARGIN_MS
