"""Watching a role's consumer group: how far it is behind, and that every partition has an owner.

Faust's assignor leaves out topics whose metadata it happens not to have, for instance right after a broker's restart;
those partitions would then have no owner until the next rebalance, whenever that is.
"""

import asyncio
import logging
import time

from confluent_kafka import ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient

from streams import metrics
from streams.access import ensure_access
from streams.kafka import KafkaUnavailableError, admin_client
from streams.lag import READS, UnreadAges, group_lag
from streams.settings import Settings
from streams.topics import full_name, group_name, table

logger = logging.getLogger(__name__)

INTERVAL_S = 5.0
PATIENCE = 3
"""Looks in a row at a settled group with unowned partitions before this worker leaves it, to have it rebalance."""


class UnownedPartitionsError(RuntimeError):
    """Partitions that no member of the group owns; leaving it and coming back has them assigned."""


def unowned(admin: AdminClient, settings: Settings, role: str) -> int:
    """How many partitions of the role's topics no member of a settled group owns; 0 while it is rebalancing.

    Raises:
        KafkaException: The cluster does not answer.
    """
    name = group_name(settings, role)
    group = admin.describe_consumer_groups([name])[name].result(timeout=10)
    if group.state != ConsumerGroupState.STABLE:
        return 0
    wanted = {
        (full_name(settings, base), p)
        for base in READS[role]
        for p in range(table(settings)[base].partitions)
    }
    owned = {(tp.topic, tp.partition) for m in group.members for tp in m.assignment.topic_partitions}
    return len(wanted - owned)


async def watch_group(settings: Settings, role: str) -> None:
    """Sets the lag gauges of the role, looks for partitions without an owner and for lost permissions, for ever.

    Raises:
        UnownedPartitionsError: Some have had none for too long.
        AccessDeniedError: A permission that the role needs was taken away.
    """
    admin: AdminClient | None = None
    found = 0
    ages = UnreadAges()
    while True:
        await asyncio.sleep(INTERVAL_S)
        try:
            if admin is None:
                admin = await asyncio.to_thread(admin_client, settings)
            # Before all that a lost permission would fail with less to say.
            await asyncio.to_thread(ensure_access, admin, settings, role)
            lags = await asyncio.to_thread(group_lag, admin, settings, role)
            count = await asyncio.to_thread(unowned, admin, settings, role)
        except (KafkaException, KafkaUnavailableError, TimeoutError) as exc:
            # A broker that restarts ends no worker. A client that was there before it may keep stale metadata.
            # A look that took too long has nothing to say of itself.
            logger.warning("cannot look at the group of %s: %s", role, str(exc) or repr(exc))
            admin = None
            continue
        for (base, partition), (committed, end) in lags.items():
            labels = {"topic": base, "partition": str(partition)}
            metrics.LAG_EVENTS.labels(**labels).set(end - committed)
            age_s = ages.look((base, partition), committed, end, time.monotonic())
            metrics.UNREAD_SECONDS.labels(**labels).set(age_s)
        metrics.UNOWNED.set(count)
        found = found + 1 if count else 0
        if found >= PATIENCE:
            msg = f"{count} partitions of the {role} group have no owner; leaving it to have them assigned"
            raise UnownedPartitionsError(msg)
