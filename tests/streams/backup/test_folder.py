from pathlib import Path

import pytest

from streams.backup import BackupError
from streams.backup.folder import BackupFolder, CopiedRecord
from streams.backup.manifest import FORMAT, Manifest

RECORDS = [
    CopiedRecord(7, 1_700_000_000_000, b"k", b"v" * 1000, [("h", b"1"), ("h", None)]),
    CopiedRecord(9, 1_700_000_000_001, None, None, []),
]


def manifest(number: int = FORMAT) -> Manifest:
    return Manifest(number, "1", 5, "p-", {}, {"learn": {"examples": {0: 3}}}, ["s"])


def test_records_come_back_as_they_were_from_a_smaller_file(tmp_path: Path) -> None:
    folder = BackupFolder(str(tmp_path / "new"))
    folder.check_empty()
    segment = folder.write_segment("topics/t/0", RECORDS)
    assert segment.count == 2
    assert folder.read_segment(segment) == RECORDS
    assert (tmp_path / "new/topics/t/0").stat().st_size < 200


def test_a_damaged_file_is_noticed(tmp_path: Path) -> None:
    folder = BackupFolder(str(tmp_path))
    segment = folder.write_segment("t", RECORDS)
    file = tmp_path / "t"
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    with pytest.raises(BackupError, match="t is damaged: its checksum"):
        folder.read_segment(segment)


def test_a_backup_without_its_manifest_was_not_finished(tmp_path: Path) -> None:
    folder = BackupFolder(str(tmp_path))
    with pytest.raises(
        BackupError, match=r"has no manifest\.json: it is no backup, or one that was not finished"
    ):
        folder.read_manifest()
    folder.write_manifest(manifest())
    assert folder.read_manifest() == manifest()
    with pytest.raises(BackupError, match="is not empty; a backup is never written over"):
        folder.check_empty()


def test_a_newer_format_is_refused(tmp_path: Path) -> None:
    folder = BackupFolder(str(tmp_path))
    folder.write_manifest(manifest(FORMAT + 1))
    with pytest.raises(BackupError, match=f"has format {FORMAT + 1}, this version reads {FORMAT}"):
        folder.read_manifest()


def test_a_kind_of_store_that_is_not_there_is_named() -> None:
    with pytest.raises(BackupError, match="nowhere://x cannot be used"):
        BackupFolder("nowhere://x")
