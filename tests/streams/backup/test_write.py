from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from streams.backup import BackupError
from streams.backup.manifest import PartitionCopy
from streams.backup.write import back_up
from streams.lag import READS
from streams.publications import Progress
from streams.settings import Settings
from streams.stores.snapshots import Manifest, SnapshotStore

ADMIN: Any = None


@contextmanager
def river(committed: int, snapshot: str) -> Iterator[None]:
    """Topics without records: what the learner has acknowledged of its log, and the snapshot that it published."""

    async def newest_progress(_settings: Settings) -> Progress:
        return Progress(1, 2, committed, snapshot, [], None, None, 0, 5)

    with (
        patch("streams.backup.write.topic_ids", lambda _admin, names: {n: f"id-of-{n}" for n in names}),
        patch(
            "streams.backup.write.group_lag",
            lambda _admin, _settings, role: {(base, 0): (committed, committed) for base in READS[role]},
        ),
        patch("streams.backup.write.newest_progress", newest_progress),
        patch(
            "streams.backup.write.copy_topics",
            lambda _settings, _folder, bases: {base: [PartitionCopy(0)] for base in bases},
        ),
    ):
        yield


@pytest.mark.parametrize(("committed", "snapshot"), [(7, ""), (0, "trained.npz")])
def test_a_store_that_is_not_the_learners_is_refused_before_anything_is_written(
    tmp_path: Path, committed: int, snapshot: str
) -> None:
    settings, folder = Settings(home=tmp_path, kafka="none:9092"), tmp_path / "copy"
    SnapshotStore(settings).save(Manifest(1, 1, "another-log", 0), {})
    with (
        river(committed, snapshot),
        pytest.raises(BackupError, match=r"/store has none of this log.*set FRESHET_STORE"),
    ):
        back_up(settings, ADMIN, str(folder))
    assert not folder.exists()
    SnapshotStore(settings).save(Manifest(1, 2, "id-of-examples", 0), {})
    with river(committed, snapshot):
        assert len(back_up(settings, ADMIN, str(folder)).snapshots) == 1


def test_a_river_that_has_learned_nothing_needs_no_snapshot(tmp_path: Path) -> None:
    with river(0, ""):
        made = back_up(Settings(home=tmp_path, kafka="none:9092"), ADMIN, str(tmp_path / "copy"))
    assert made.snapshots == []
