"""A river → a backup, also while it flows."""

import asyncio
from importlib.metadata import version

import msgspec
from confluent_kafka.admin import AdminClient

from streams.backup import BackupError
from streams.backup.copy import copy_topics
from streams.backup.folder import BackupFolder
from streams.backup.manifest import FORMAT, Manifest, TopicCopy
from streams.clock import now_ms
from streams.lag import READS, group_lag
from streams.settings import Settings
from streams.status import newest_progress
from streams.stores.snapshots import KEPT, SnapshotStore
from streams.topics import full_name, table, topic_ids

DERIVED = ("users", "recommendations", "items", "embeddings")
"""Copied before what they are derived from, and before the snapshots and the log that these are folded from."""
SOURCES = ("interactions", "media", "requests", "queries")
"""Copied last, so that every place that anything else names has been copied."""


class Made(msgspec.Struct):
    """What a backup holds."""

    records: dict[str, int]
    """By topic's base name."""
    snapshots: list[str]


def snapshots_in(settings: Settings, url: str) -> SnapshotStore:
    """The snapshots of a backup, kept as those of a river are."""
    return SnapshotStore(settings.model_copy(update={"store": url, "topic_prefix": ""}))


def back_up(settings: Settings, admin: AdminClient, url: str) -> Made:
    """Writes all topics, committed offsets and the newest snapshots to an empty folder.

    Committed offsets come first, then states, then snapshots and the log of examples, then what came from outside:
    what is restored from it is what a crash at some moment would have left.

    Raises:
        BackupError: The folder is not empty or cannot be written, the store is not the workers', or Kafka falls silent.
        TopicsError: A topic is missing.
    """
    folder = BackupFolder(url)
    folder.check_empty()
    rows = table(settings)
    ids = topic_ids(admin, [full_name(settings, base) for base in rows])
    committed = {role: _committed(settings, admin, role) for role in READS}
    _check_store(settings, committed["learn"]["examples"][0], ids[full_name(settings, "examples")])
    copied = copy_topics(settings, folder, list(DERIVED))
    snapshots = _copy_snapshots(settings, url, ids[full_name(settings, "examples")])
    others = [base for base in rows if base not in (*DERIVED, *SOURCES)]
    copied |= copy_topics(settings, folder, [*others, *SOURCES])
    topics = {
        base: TopicCopy(ids[full_name(settings, base)], rows[base].cleanup == "compact", copied[base])
        for base in rows
    }
    made_by = version("freshet")
    folder.write_manifest(
        Manifest(FORMAT, made_by, now_ms(), settings.topic_prefix, topics, committed, snapshots)
    )
    return Made({base: sum(p.count for p in copied[base]) for base in rows}, snapshots)


def _check_store(settings: Settings, committed: int, examples_id: str) -> None:
    """Makes sure that what was learned is here, if the learner has saved any: it acknowledges only what it saved.

    Raises:
        BackupError: It is not.
    """
    store = SnapshotStore(settings)
    if any(found.manifest.examples_topic_id == examples_id for found in store.listed()):
        return
    progress = asyncio.run(newest_progress(settings))
    if committed or (progress is not None and progress.snapshot):
        msg = (
            f"the learner has saved snapshots, but {settings.store_url} has none of this log, and without them what "
            "was learned would be lost; set FRESHET_STORE or FRESHET_HOME as the learner has it"
        )
        raise BackupError(msg)


def _committed(settings: Settings, admin: AdminClient, role: str) -> dict[str, dict[int, int]]:
    found: dict[str, dict[int, int]] = {}
    for (base, partition), (offset, _) in group_lag(admin, settings, role).items():
        found.setdefault(base, {})[partition] = offset
    return found


def _copy_snapshots(settings: Settings, url: str, examples_id: str) -> list[str]:
    store, copies = SnapshotStore(settings), snapshots_in(settings, url)
    names = []
    for name in store.names()[-KEPT:]:
        found = store.read(name)
        if found is not None and found[0].examples_topic_id == examples_id:
            names.append(copies.save(*found))
    return names
