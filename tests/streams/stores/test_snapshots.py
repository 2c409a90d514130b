import errno
import os
import time
from base64 import b64encode
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from fsspec.implementations.local import LocalFileSystem

from online.events import Example
from online.owners import COUNTED, number_of
from online.saved import Saved
from online.sets import SetGrouper
from streams.settings import Settings
from streams.stores import StoreError, StoreUnavailableError
from streams.stores.snapshots import KEPT, Manifest, SnapshotStore


def store(folder: Path, prefix: str = "") -> SnapshotStore:
    return SnapshotStore(Settings(store=str(folder), topic_prefix=prefix))


def saved(value: int) -> Saved:
    return {
        "counts": np.arange(value, dtype=np.int32),
        "learned": b"\x00raw",
        "empty": np.zeros((0, 4), np.float32),
    }


def files(folder: Path) -> list[Path]:
    return sorted((folder / "snapshots").iterdir())


def kept(folder: Path) -> list[int]:
    return [int(path.name.split("-")[1]) for path in files(folder)]


def offset(folder: Path, topic_id: str = "log") -> int | None:
    found = store(folder).newest(topic_id)
    return None if found is None else found[0].examples_offset


def fill(folder: Path, *numbers: int, topic_id: str = "log", epoch: int = 1) -> None:
    for number in numbers:
        store(folder).save(Manifest(epoch, number, topic_id, number * 100), saved(number))


def test_what_is_saved_comes_back_array_for_array(tmp_path: Path) -> None:
    manifest = Manifest(2, 7, "log", 55)
    name = store(tmp_path).save(manifest, saved(4))
    assert name.startswith("00000002-000000000007-")
    found = store(tmp_path).newest("log")
    assert found is not None
    assert found[0] == manifest
    assert found[1]["learned"] == b"\x00raw"
    counts, empty = found[1]["counts"], found[1]["empty"]
    assert isinstance(counts, np.ndarray)
    assert counts.tolist() == [0, 1, 2, 3]
    assert str(counts.dtype) == "int32"
    assert isinstance(empty, np.ndarray)
    assert empty.shape == (0, 4)


def test_an_empty_store_has_none(tmp_path: Path) -> None:
    assert offset(tmp_path / "nothing here") is None


def test_the_newest_few_are_kept_and_a_higher_epoch_is_newer(tmp_path: Path) -> None:
    fill(tmp_path, 8, 9, 10, 11)
    assert len(files(tmp_path)) == KEPT
    assert offset(tmp_path) == 1100
    fill(tmp_path, 3, epoch=2)
    assert offset(tmp_path) == 300
    assert [path.name[:21] for path in files(tmp_path)] == [
        "00000001-000000000010", "00000001-000000000011", "00000002-000000000003"
    ]  # fmt: skip


def test_the_last_of_each_day_is_kept_for_a_week(tmp_path: Path) -> None:
    hours = [240, 239, 200, 199, 60, 59, 36, 12]  # ago, so on some ten days
    noon_s = datetime(2026, 3, 15, 12, tzinfo=UTC).timestamp()
    for number, ago in enumerate(hours):
        fill(tmp_path, number)
        os.utime(files(tmp_path)[-1], (noon_s - ago * 3600,) * 2)
    fill(tmp_path, 100)
    # The newest three, among them both of the 14th; of the days before, the last of each.
    assert kept(tmp_path) == [1, 3, 5, 6, 7, 100]
    for day in range(4, 10):
        fill(tmp_path, 100 + day)
        os.utime(files(tmp_path)[-1], (noon_s + day * 86400,) * 2)
    fill(tmp_path, 200)
    assert kept(tmp_path) == [104, 105, 106, 107, 108, 109, 200]


def test_what_is_listed_says_what_it_is_without_the_rest_and_damaged_ones_are_left_out(
    tmp_path: Path,
) -> None:
    fill(tmp_path, 1, 2, 3)
    files(tmp_path)[1].write_bytes(b"oops")
    first, third = store(tmp_path).listed(["counts", "nosuch"])
    assert [one.manifest.number for one in (first, third)] == [1, 3]
    assert third.name == files(tmp_path)[2].name
    assert third.size_bytes == files(tmp_path)[2].stat().st_size
    assert abs(third.saved_ms / 1000 - time.time()) < 60
    assert {name: array.tolist() for name, array in third.arrays.items()} == {"counts": [0, 1, 2]}


@pytest.mark.parametrize("damage", ["cut", "changed", "emptied", "gone"])
def test_a_damaged_newest_falls_back_to_the_one_before(tmp_path: Path, damage: str) -> None:
    fill(tmp_path, 1, 2)
    newest = files(tmp_path)[-1]
    data = bytearray(newest.read_bytes())
    if damage == "gone":
        newest.unlink()
    else:
        data[40] ^= 1
        newest.write_bytes(bytes({"cut": data[:-20], "changed": data, "emptied": b""}[damage]))
    assert offset(tmp_path) == 100


def test_all_damaged_is_none(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    files(tmp_path)[0].write_bytes(b"oops")
    assert offset(tmp_path) is None


def test_a_snapshot_of_another_log_is_passed_over(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    fill(tmp_path, 2, topic_id="re-created")
    assert (offset(tmp_path), offset(tmp_path, "re-created"), offset(tmp_path, "third")) == (100, 200, None)


def test_one_that_was_never_finished_is_not_there(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    whole = files(tmp_path)[0]
    whole.with_name("00000009-000000000001-0123456789abcdef.npz.part").write_bytes(whole.read_bytes()[:99])
    assert offset(tmp_path) == 100


def test_tenants_have_folders_of_their_own(tmp_path: Path) -> None:
    store(tmp_path, "shop-").save(Manifest(1, 1, "log", 100), saved(1))
    assert offset(tmp_path) is None
    assert [path.name for path in tmp_path.iterdir()] == ["shop-snapshots"]


def test_a_store_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    in_its_place = tmp_path / "file"
    in_its_place.touch()
    for attempt in (store(in_its_place).check, lambda: fill(in_its_place, 1)):
        with pytest.raises(
            StoreError, match=rf"^the store {in_its_place}/snapshots cannot be written: "
        ) as raised:
            attempt()
        assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("error", "may_pass"),
    [
        (OSError(errno.ENOSPC, "full"), True),
        (OSError(errno.EROFS, "read only"), False),
        (PermissionError("Access Denied"), False),
        (ConnectionRefusedError(errno.ECONNREFUSED, "refused"), True),
        (RuntimeError("as a library has it"), True),
    ],
)
def test_what_goes_wrong_elsewhere_is_said_to_pass_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, may_pass: bool
) -> None:
    fill(tmp_path, 1)

    def fail(*_: object, **__: object) -> None:
        raise error

    for name in ("open", "rm", "ls"):
        monkeypatch.setattr(LocalFileSystem, name, fail)
    for attempt in (
        store(tmp_path).check,
        lambda: fill(tmp_path, 2),
        store(tmp_path).names,
        lambda: store(tmp_path).remove_naming(["a"], ""),
        lambda: store(tmp_path).read("00000001-000000000001-0.npz"),
    ):
        with pytest.raises(StoreError, match=f"^the store {tmp_path}/snapshots cannot be ") as raised:
            attempt()
        assert isinstance(raised.value, StoreUnavailableError) == may_pass


def test_a_check_leaves_nothing_behind(tmp_path: Path) -> None:
    store(tmp_path).check()
    assert files(tmp_path) == []


@pytest.mark.parametrize("url", ["nosuch://bucket/x", "s3://bucket/x"])
def test_a_store_of_an_unknown_kind_is_named(url: str) -> None:
    with pytest.raises(StoreError, match=rf"^the store {url}/snapshots cannot be used: "):
        SnapshotStore(Settings(store=url))


def test_those_that_account_for_an_erased_users_privacy_are_removed_too(tmp_path: Path) -> None:
    sets = SetGrouper().save()

    def counting(*users: str) -> Saved:
        return {"sets": sets, COUNTED: np.array([number_of(user_id) for user_id in users], np.uint64)}

    names = [
        store(tmp_path).save(Manifest(1, number, "log", 0), saved)
        for number, saved in enumerate([counting("a", "b"), counting("b"), counting()])
    ]
    assert store(tmp_path).remove_naming(["a"], names[2]) == {"a": 1}
    assert store(tmp_path).names() == names[1:]


def test_those_that_name_an_erased_user_are_removed_but_the_one_that_was_just_saved(tmp_path: Path) -> None:
    def sets(*users: str) -> Saved:
        grouper = SetGrouper()
        for user_id in users:
            grouper.push(Example(user_id, "i", "click", 1.0, 0, 0, 0, 0, 0, 0, [], []), 0)
        return {"sets": grouper.save()}

    names = [
        store(tmp_path).save(Manifest(1, number, "log", 0), sets(*users))
        for number, users in enumerate([("a", "b"), ("b", "aa"), ("a",)])
    ]
    assert store(tmp_path).remove_naming(["a", "c"], names[2]) == {"a": 1, "c": 0}
    assert store(tmp_path).names() == names[1:]


@pytest.mark.parametrize("is_encrypted", [False, True])
@pytest.mark.parametrize("damage", ["cut", "emptied"])
def test_a_damaged_one_goes_with_those_that_name_an_erased_user_and_keeps_nobody_from_being_erased(
    tmp_path: Path, damage: str, is_encrypted: bool
) -> None:
    keys = tmp_path / "keys"
    keys.write_text(b64encode(b"k" * 32).decode())
    keys.chmod(0o600)
    encrypted = Settings(store=str(tmp_path), store_key_file=keys)
    snapshots = SnapshotStore(encrypted if is_encrypted else Settings(store=str(tmp_path)))
    sets = SetGrouper().save()
    names = [snapshots.save(Manifest(1, n, "log", 0), {"sets": sets, "learned": b"x" * 1000}) for n in (1, 2)]
    damaged = tmp_path / "snapshots" / names[0]
    damaged.write_bytes(damaged.read_bytes()[:-300] if damage == "cut" else b"")
    assert [listed.name for listed in snapshots.listed()] == names[1:]
    assert snapshots.remove_naming(["a"], names[1]) == {"a": 0}
    assert snapshots.names() == names[1:]


def test_what_a_killed_process_was_writing_is_removed_by_the_next(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    (tmp_path / "snapshots" / "00000001-000000000002-0123456789abcdef.npz.part").write_bytes(
        b"alice@example.org"
    )
    fill(tmp_path, 3)
    assert kept(tmp_path) == [1, 3]
