"""A backup → empty topics, of another cluster or another prefix."""

import asyncio
from contextlib import closing

import msgspec
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient

from streams import topics
from streams.backup import BackupError
from streams.backup.folder import BackupFolder, CopiedRecord
from streams.backup.manifest import Manifest
from streams.backup.translate import Translation
from streams.backup.write import snapshots_in
from streams.clock import now_ms
from streams.kafka import client_config
from streams.lag import end_offsets, inhabited_roles
from streams.producer import BatchProducer, NotDeliveredError, Outgoing
from streams.settings import Settings
from streams.stores.snapshots import SnapshotStore
from streams.topics import full_name, group_name, table, topic_ids

SEGMENT_S = 120.0
"""How long Kafka may take for one segment of a backup."""


class Restored(msgspec.Struct):
    """What was restored."""

    records: dict[str, int]
    """By topic's base name."""
    snapshots: list[str]
    made_ms: int
    """When the backup was made."""
    is_log_old: bool
    """Whether the log of examples is older than it is kept, so that Kafka removes it within minutes."""


async def restore(settings: Settings, admin: AdminClient, url: str) -> Restored:
    """Writes a backup's records, committed offsets and snapshots to where there are none.

    Topics that are missing are created. Nothing is written of a backup that is damaged. Records keep their keys,
    values, headers and timestamps, except for the places that they name: these are where the named records lie now.

    Raises:
        BackupError: The backup is not whole, or something is in its way here.
        TopicsError: The topics here are not as the table says.
        StoreError: The store cannot be written.
    """
    folder = BackupFolder(url)
    manifest = folder.read_manifest()
    _check_room(settings, admin, manifest)
    await asyncio.to_thread(_check_files, folder, manifest)
    ids = topic_ids(admin, [full_name(settings, base) for base in table(settings)])
    by_base = {base: ids[full_name(settings, base)] for base in table(settings)}
    translation = Translation(manifest, by_base, settings.topic_prefix)
    try:
        names = _restore_snapshots(settings, url, manifest, translation)
        records = await _restore_records(settings, folder, manifest, translation)
        _check_places(settings, admin, manifest)
        _commit(settings, manifest, translation)
    except BaseException:
        # Left in the store, these would be in the way of the next try.
        store = SnapshotStore(settings)
        for name in translation.snapshots.values():
            store.remove(name)
        raise
    return Restored(records, names, manifest.made_ms, _is_log_old(settings, folder, manifest))


def _check_room(settings: Settings, admin: AdminClient, manifest: Manifest) -> None:
    """Makes sure that nothing is here yet, and that all of the backup has its place."""
    rows = table(settings)
    for base, copied in manifest.topics.items():
        if base not in rows:
            msg = f"the backup has a topic {base}, which this version does not know; restore it with its own version"
            raise BackupError(msg)
        if len(copied.partitions) != rows[base].partitions:
            there = len(copied.partitions)
            msg = f"{base} had {there} partitions, here it has {rows[base].partitions}; set FRESHET_PARTITIONS={there}"
            raise BackupError(msg)
    running = inhabited_roles(admin, settings)
    if running:
        msg = f"{', '.join(running)} workers are running; stop them, restore, and start them again"
        raise BackupError(msg)
    topics.create(admin, settings)
    topics.ensure(admin, settings)
    for base, ends in _ends(settings, admin).items():
        if any(ends):
            msg = (
                f"{full_name(settings, base)} is not empty, or was not always; restore under another "
                "FRESHET_TOPIC_PREFIX, or delete the topics and try again"
            )
            raise BackupError(msg)
    if SnapshotStore(settings).names():
        msg = f"the store {settings.store_url} has snapshots already; set another FRESHET_STORE, or move them away"
        raise BackupError(msg)


def _ends(settings: Settings, admin: AdminClient) -> dict[str, list[int]]:
    """One past the last offset that each partition ever had."""
    found: dict[str, list[int]] = {}
    for base, row in table(settings).items():
        ends = end_offsets(admin, full_name(settings, base), range(row.partitions))
        found[base] = [ends[partition] for partition in range(row.partitions)]
    return found


def _check_files(folder: BackupFolder, manifest: Manifest) -> None:
    """Makes sure that every record is there; that snapshots are shows before any record is written."""
    for topic in manifest.topics.values():
        for copied in topic.partitions:
            for segment in copied.segments:
                folder.read_segment(segment)


def _restore_snapshots(
    settings: Settings, url: str, manifest: Manifest, translation: Translation
) -> list[str]:
    copies, store = snapshots_in(settings, url), SnapshotStore(settings)
    for name in manifest.snapshots:
        found = copies.read(name)
        if found is None:
            msg = f"{url}: the snapshot {name} is missing or damaged"
            raise BackupError(msg)
        moved = translation.snapshot(*found)
        if moved is not None:
            translation.snapshots[name] = store.save(*moved)
    return list(translation.snapshots.values())


async def _restore_records(
    settings: Settings, folder: BackupFolder, manifest: Manifest, translation: Translation
) -> dict[str, int]:
    producer = BatchProducer(settings)
    counts = dict.fromkeys(manifest.topics, 0)
    try:
        for base, topic in manifest.topics.items():
            for partition, copied in enumerate(topic.partitions):
                for segment in copied.segments:
                    records = await asyncio.to_thread(folder.read_segment, segment)
                    name = full_name(settings, base)
                    moved = (translation.record(base, partition, record) for record in records)
                    # Not tried again: what is written twice would lie at other places than were worked out.
                    outgoing = [_outgoing(name, partition, record) for record in moved]
                    await asyncio.wait_for(producer.send(outgoing), SEGMENT_S)
                    counts[base] += segment.count
    except (NotDeliveredError, TimeoutError) as exc:
        reason = str(exc) or f"no acknowledgement within {SEGMENT_S:g} s"
        msg = f"Kafka did not take everything ({reason}); delete the topics, and try again"
        raise BackupError(msg) from None
    finally:
        await producer.close()
    return counts


def _outgoing(topic: str, partition: int, record: CopiedRecord) -> Outgoing:
    return Outgoing(topic, record.key, record.value, partition, record.timestamp_ms, record.headers)


def _check_places(settings: Settings, admin: AdminClient, manifest: Manifest) -> None:
    ends = _ends(settings, admin)
    for base, topic in manifest.topics.items():
        expected = [copied.count for copied in topic.partitions]
        if ends[base] != expected:
            msg = (
                f"{full_name(settings, base)} has {ends[base]} records by partition, expected {expected}: somebody "
                "else writes to it, or it takes smaller messages; delete the topics, mend that, and try again"
            )
            raise BackupError(msg)


def _commit(settings: Settings, manifest: Manifest, translation: Translation) -> None:
    for role, bases in manifest.committed.items():
        places = [
            TopicPartition(
                full_name(settings, base), partition, translation.committed(base, partition, offset)
            )
            for base, offsets in bases.items()
            for partition, offset in offsets.items()
        ]
        group = {"group.id": group_name(settings, role), "enable.auto.commit": False}
        with closing(Consumer(client_config(settings) | group)) as consumer:
            consumer.commit(offsets=places, asynchronous=False)


def _is_log_old(settings: Settings, folder: BackupFolder, manifest: Manifest) -> bool:
    segments = manifest.topics["examples"].partitions[0].segments
    if not segments:
        return False
    oldest_ms = folder.read_segment(segments[0])[0].timestamp_ms
    return now_ms() - oldest_ms > table(settings)["examples"].retention_ms
