"""What `freshet status` reports, read from Kafka itself: it holds whether or not a worker answers.

And the workers of this host, with what they say of themselves.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from importlib.metadata import version

import msgspec
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from online.arms import ArmResult
from online.learning.alarm import Alarm
from online.state_codec import head, is_older
from streams.clock import now_ms
from streams.dead_letters import read_letter
from streams.discovery import folder, open_worker
from streams.events import DeadLetter
from streams.follower import Follower, read_all
from streams.kafka import DENIALS
from streams.lag import READS, end_offsets, group_lag, inhabited_roles
from streams.publications import PROGRESS_KEY, Progress, decode_progress
from streams.settings import Settings
from streams.topics import full_name

ANSWER_S = 30.0
"""How long a worker may take to say its metrics."""


class TopicLag(Struct):
    """How far a role is behind in one topic."""

    role: str
    topic: str
    lag_events: int
    end_events: int


class Counted(Struct):
    """Events of one source partition: how many, and the XOR of their ids' hashes."""

    partition: int
    count: int
    xor: str
    """16 hexadecimal digits."""


class Model(Struct):
    """What the learner published last."""

    version: int
    epoch: int
    age_s: float
    examples_offset: int
    snapshot: str
    standing_hit_ratio: float | None
    popularity_hit_ratio: float | None
    sets_scored: int
    ranking_steps: int
    items_behind: dict[str, int]
    """By modality whose encoder is changing: items that have yet to get a vector of the new one."""
    arms: list[ArmResult]
    """How the arms of a comparison do; empty where nothing is compared."""
    drift_alarm_count: int
    drift_alarms: list[Alarm]
    """The last times that the ranking was found to get worse all of a sudden, and what the learner did."""


class Refusals(Struct):
    """Events that could not be used."""

    count: int
    """Ever written to `dead-letters`."""
    newest: DeadLetter | None
    """None where there is none, or it is no letter, or not kept any more."""


class WorkerStatus(Struct):
    """A worker on this host."""

    role: str
    worker: str
    metrics: str
    version: str | None = None
    """Of Freshet; None where it was not asked for (`streams.worker_versions`), or the worker does not answer."""


class Status(Struct):
    """The river at one moment."""

    lag: list[TopicLag]
    model: Model | None
    """None before the learner's first publication."""
    applied: list[Counted]
    """Applied to user state, by partition of `interactions`."""
    learned: list[Counted]
    """Learned, by source partition; equal to `applied` when nothing is under way."""
    users: int
    workers: list[WorkerStatus]
    running: list[str]
    """The roles that have workers, on whichever host."""
    refusals: Refusals
    version: str = msgspec.field(default_factory=lambda: version("freshet"))
    """Of the Freshet that reports."""


async def read_status(admin: AdminClient, settings: Settings) -> Status:
    """Reads everything anew.

    Raises:
        KafkaException: The cluster does not answer.
    """
    users, applied = await _applied(settings)
    progress = await newest_progress(settings)
    return Status(
        lag=[lag for role in READS for lag in role_lag(admin, settings, role)],
        model=None if progress is None else model_of(progress),
        applied=applied,
        learned=[] if progress is None else _learned(progress),
        users=users,
        workers=read_workers(settings),
        running=inhabited_roles(admin, settings),
        refusals=await _refusals(admin, settings),
    )


def role_lag(admin: AdminClient, settings: Settings, role: str) -> list[TopicLag]:
    """How far a role is behind in each topic; empty if it never ran.

    Raises:
        KafkaException: This client may not see the role's group.
    """
    totals = {base: [0, 0] for base in READS[role]}
    try:
        offsets = group_lag(admin, settings, role)
    except KafkaException as exc:
        if exc.args[0].code() in DENIALS:
            raise
        # A group that never started has no offsets yet.
        return []
    for (base, _), (committed, end) in offsets.items():
        # The ends are looked up first: what comes meanwhile may be committed already.
        totals[base][0] += max(0, end - committed)
        totals[base][1] += end
    return [TopicLag(role, base, lag, end) for base, (lag, end) in totals.items()]


async def _applied(settings: Settings) -> tuple[int, list[Counted]]:
    newest: dict[tuple[int, bytes], bytes | None] = {}
    for record in await read_all(settings, "users"):
        key = (record.partition, record.key)
        known = newest.get(key)
        if record.value is None or not is_older(record.value, known):
            newest[key] = record.value
    totals: dict[int, list[int]] = {}
    for (partition, _), value in newest.items():
        if value is not None:
            total = totals.setdefault(partition, [0, 0])
            total[0] += head(value).applied_count
            total[1] ^= head(value).applied_xor
    users = sum(value is not None and head(value).applied_count > 0 for value in newest.values())
    return users, _counted(totals)


async def _refusals(admin: AdminClient, settings: Settings) -> Refusals:
    topic = full_name(settings, "dead-letters")
    count = end_offsets(admin, topic, [0])[0]
    found: list[DeadLetter | None] = [None]
    if count:
        with closing(Follower(settings, topic)) as follower:
            await follower.assign({0: count - 1})
            await follower.read_to_end(lambda record: found.append(read_letter(record.value)))
    return Refusals(count, found[-1])


async def newest_progress(settings: Settings) -> Progress | None:
    """What the newest learner published last; None before any."""
    newest: Progress | None = None
    for record in await read_all(settings, "model"):
        if record.key == PROGRESS_KEY and record.value is not None:
            progress = decode_progress(record.value)
            if newest is None or progress.epoch >= newest.epoch:
                newest = progress
    return newest


def _learned(progress: Progress) -> list[Counted]:
    totals: dict[int, list[int]] = {}
    for row in progress.learned:
        total = totals.setdefault(row.partition, [0, 0])
        total[0] += row.count
        total[1] ^= row.xor
    return _counted(totals)


def _counted(totals: dict[int, list[int]]) -> list[Counted]:
    """Without partitions of which nothing is left, whose users were all erased."""
    return [Counted(p, count, f"{xor:016x}") for p, (count, xor) in sorted(totals.items()) if count or xor]


def model_of(progress: Progress) -> Model:
    """What the learner published, as it is shown."""
    return Model(
        version=progress.version,
        epoch=progress.epoch,
        age_s=round((now_ms() - progress.timestamp_ms) / 1000, 1),
        examples_offset=progress.examples_offset,
        snapshot=progress.snapshot,
        standing_hit_ratio=progress.standing_hit_ratio,
        popularity_hit_ratio=progress.popularity_hit_ratio,
        sets_scored=progress.sets_scored,
        ranking_steps=progress.ranking_steps,
        items_behind=progress.items_behind,
        arms=progress.arms,
        drift_alarm_count=progress.drift_alarm_count,
        drift_alarms=progress.drift_alarms,
    )


def read_workers(settings: Settings) -> list[WorkerStatus]:
    """The tenant's workers on this host, and where each serves its metrics.

    Tenants may share a home. A worker that does not say whose it is, of an older version, counts as the tenant's.
    """
    found = []
    for path in sorted(folder(settings).glob("*.json")):
        try:
            entries = json.loads(path.read_text())
        except FileNotFoundError:  # the worker ended meanwhile
            continue
        for entry in entries:
            labels, target = entry["labels"], entry["targets"][0]
            if labels.get("tenant", settings.topic_prefix) == settings.topic_prefix:
                found.append(WorkerStatus(labels["role"], labels["worker"], f"http://{target}/metrics"))
    return found


def metric_values(workers: Iterable[WorkerStatus], name: str) -> Iterator[float]:
    """What the workers say of a metric now, of every combination of its labels.

    Raises:
        OSError: A worker does not answer.
    """
    for worker in workers:
        with open_worker(worker.metrics, timeout=ANSWER_S) as page:
            text = page.read().decode()
        for family in text_string_to_metric_families(text):
            yield from (sample.value for sample in family.samples if sample.name == name)
