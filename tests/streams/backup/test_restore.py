import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from streams.backup import BackupError
from streams.backup.folder import BackupFolder, CopiedRecord
from streams.backup.manifest import FORMAT, PartitionCopy, Segment, TopicCopy
from streams.backup.manifest import Manifest as BackupManifest
from streams.backup.restore import restore
from streams.backup.write import snapshots_in
from streams.producer import NotDeliveredError, Outgoing
from streams.settings import Settings
from streams.stores.snapshots import Manifest, SnapshotStore

ADMIN: Any = None


class RefusingProducer:
    """Kafka is gone as soon as anything is written."""

    def __init__(self, _settings: Settings) -> None:
        pass

    async def send(self, _messages: Iterable[Outgoing]) -> None:
        message = "it is gone"
        raise NotDeliveredError(message)

    async def close(self) -> None:
        """Nothing is open."""


def back_up(settings: Settings, url: str) -> list[Segment]:
    """Two media events, each in a file of its own, and a snapshot."""
    folder = BackupFolder(url)
    segments = [folder.write_segment(f"m-{n}", [CopiedRecord(n, 5, b"k", b"{}", [])]) for n in range(2)]
    snapshot = snapshots_in(settings, url).save(
        Manifest(1, 2, "old-examples", 0), {"learned": msgspec.msgpack.encode([])}
    )
    topics = {
        base: TopicCopy(f"old-{base}", False, [PartitionCopy(0)]) for base in ("interactions", "examples")
    }
    topics["media"] = TopicCopy("old-media", False, [PartitionCopy(0, 2, [(0, 2)], segments)])
    folder.write_manifest(BackupManifest(FORMAT, "1", 5, "", topics, {}, [snapshot]))
    return segments


def pour(settings: Settings, url: str) -> None:
    with (
        patch("streams.backup.restore._check_room"),
        patch("streams.backup.restore.topic_ids", lambda _admin, names: {n: f"id-of-{n}" for n in names}),
        patch("streams.backup.restore.BatchProducer", RefusingProducer),
    ):
        asyncio.run(restore(settings, ADMIN, url))


def test_of_a_damaged_backup_nothing_is_written(tmp_path: Path) -> None:
    settings, copy = Settings(home=tmp_path, kafka="none:9092"), tmp_path / "copy"
    last = back_up(settings, str(copy))[-1]
    (copy / last.name).write_bytes(b"?")
    with pytest.raises(BackupError, match="m-1 is damaged"):
        pour(settings, str(copy))


def test_what_was_not_finished_leaves_no_snapshot_in_the_way_of_the_next_try(tmp_path: Path) -> None:
    settings, copy = Settings(home=tmp_path, kafka="none:9092"), tmp_path / "copy"
    back_up(settings, str(copy))
    with pytest.raises(BackupError, match=r"it is gone.*; delete the topics, and try again"):
        pour(settings, str(copy))
    assert SnapshotStore(settings).names() == []
