"""Where a benchmark takes place: a fresh Kafka, or a prefix of its own on the given one; nothing of it stays."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not in its __all__
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
    ResourceType,
)
from msgspec import Struct

from deploy.embedded_kafka import EmbeddedKafka
from streams import topics
from streams.bench.generator import Plan
from streams.bench.measure import Load, send_all
from streams.bench.processes import Meter
from streams.bench.subjects import (
    BARE_FRESHET,
    FRESHET,
    PLAIN_FAUST,
    QUIXSTREAMS,
    BenchError,
    Subject,
    topics_of,
)
from streams.clock import now_ms
from streams.kafka import admin_client
from streams.lag import group_lag, uncommitted
from streams.settings import APART, ON_OWN_KAFKA, Settings

LOOPS = (BARE_FRESHET, PLAIN_FAUST, QUIXSTREAMS)
WARM_PACK = 200
EVENTS_PER_USER = 5
"""What everybody has done before the measured part, so that lists are real work."""
PAST_MS = 30 * 24 * 3600 * 1000
"""Over which that past is spread."""
PAST_GAP_MS = 3600 * 1000
"""That past ends so long ago."""
CATCH_UP_S = 600.0
QUIET_CORES = 0.15
"""A worker that uses less of a processor over a second has folded its examples too, which follow the lists."""


class Stage(Struct):
    """A Kafka with every topic that is needed."""

    settings: Settings
    admin: AdminClient
    broker: dict[str, int]
    """Its process, where it is one of ours."""


@contextmanager
def stage(settings: Settings) -> Iterator[Stage]:
    """Sets everything up and takes it down again.

    Raises:
        BrokerError: Kafka cannot be started.
        KafkaUnavailableError: The given one does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="freshet-bench-") as folder:
        home = Path(folder)
        if settings.kafka:
            prefix = f"{settings.topic_prefix}bench-{token_hex(3)}-"
            changed = settings.model_copy(update={**APART, "home": home, "topic_prefix": prefix})
            admin = admin_client(changed)
            try:
                yield _set(admin, changed, {})
            finally:
                topics.delete(admin, changed, _of_loops(changed))
        else:
            with EmbeddedKafka(home / "broker") as kafka:
                changed = settings.model_copy(update={**ON_OWN_KAFKA, "home": home, "kafka": kafka.bootstrap})
                yield _set(admin_client(changed), changed, {} if kafka.pid is None else {"broker": kafka.pid})


def _set(admin: AdminClient, settings: Settings, broker: dict[str, int]) -> Stage:
    topics.create(admin, settings)
    made = [NewTopic(name, settings.partitions, settings.kafka_replication) for name in _of_loops(settings)]
    for future in admin.create_topics(made).values():
        future.result(timeout=30)
    lists = [topics_of(settings, subject)[1] for subject in (FRESHET, *LOOPS)]
    _stamp_by_broker(admin, [*lists, topics.full_name(settings, "responses")])
    return Stage(settings, admin, broker)


def _of_loops(settings: Settings) -> list[str]:
    """The plain loops' topics."""
    return [name for subject in LOOPS for name in topics_of(settings, subject)]


def _stamp_by_broker(admin: AdminClient, names: list[str]) -> None:
    """Lists and answers get the time at which the broker has them: a producer's own may be earlier, or its input's."""
    entry = ConfigEntry(
        "message.timestamp.type", "LogAppendTime", incremental_operation=AlterConfigOpType.SET
    )
    changes = [ConfigResource(ResourceType.TOPIC, name, incremental_configs=[entry]) for name in names]
    for future in admin.incremental_alter_configs(changes).values():
        future.result(timeout=30)


def warm(stage: Stage, subject: Subject, load: Load) -> None:
    """Gives every user a past and waits until Freshet has worked it.

    Raises:
        BenchError: It does not catch up.
    """
    plan = Plan(
        topic=subject.source,
        count=load.users * EVENTS_PER_USER,
        rate=float("inf"),
        users=load.users,
        items=load.items,
        seed=load.seed,
        tag="past",
        packed=WARM_PACK,
        span_ms=(now_ms() - PAST_MS, now_ms() - PAST_GAP_MS),
    )
    send_all(stage.settings, plan)
    wait_caught_up(stage, subject)
    wait_quiet(subject)


def wait_caught_up(
    stage: Stage, subject: Subject, role: str = "recommend", base: str = "interactions"
) -> None:
    """Waits until a role's workers have worked every record of a topic: recommend workers every interaction.

    Raises:
        BenchError: They do not, or one of them has ended.
    """
    deadline_s = time.monotonic() + CATCH_UP_S
    while left := _behind(stage, role, base):
        subject.check()
        if time.monotonic() > deadline_s:
            msg = f"Freshet did not catch up within {CATCH_UP_S:g} s, {left} messages are left; {subject.last_words()}"
            raise BenchError(msg)
        time.sleep(0.25)


def wait_quiet(subject: Subject) -> None:
    """Waits until the workers have folded what they worked, and learned from it.

    Raises:
        BenchError: They do not, or one of them has ended.
    """
    deadline_s = time.monotonic() + CATCH_UP_S
    while True:
        subject.check()
        with Meter(subject.pids()) as meter:
            time.sleep(1.0)
            if all(use.cpu_s < QUIET_CORES for use in meter.uses(0)):
                return
        if time.monotonic() > deadline_s:
            msg = f"{subject.name} was still busy {CATCH_UP_S:g} s after the past was sent; {subject.last_words()}"
            raise BenchError(msg)


def _behind(stage: Stage, role: str, base: str) -> int:
    return uncommitted(group_lag(stage.admin, stage.settings, role), base)
