import base64
import os
from pathlib import Path

import numpy as np
import pytest

from streams.settings import Settings
from streams.stores import StoreError, encryption
from streams.stores.encryption import MAGIC, StoreKeys, key_id, load_keys
from streams.stores.snapshots import Manifest, SnapshotStore

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def keys(*given: bytes, required: bool = False) -> StoreKeys:
    return StoreKeys({key_id(key): key for key in given}, required)


def lines(*given: bytes) -> str:
    return "".join(base64.b64encode(key).decode() + "\n" for key in given)


@pytest.mark.parametrize("size", [0, 1, 99, 100, 101, 200, 1234])
def test_what_is_sealed_is_opened_and_cannot_be_read(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    monkeypatch.setattr(encryption, "_CHUNK_BYTES", 100)
    data = os.urandom(size)
    sealed = keys(NEW).seal(data, "here")
    assert sealed.startswith(MAGIC + key_id(NEW))
    assert size < 50 or data[:50] not in sealed
    assert keys(NEW).open(sealed, "here") == data
    assert keys(NEW).seal(data, "here") != sealed


def test_the_newest_key_writes_and_all_read() -> None:
    before = keys(OLD).seal(b"before", "here")
    both = keys(OLD, NEW)
    assert both.open(before, "here") == b"before"
    assert keys(NEW).open(both.seal(b"after", "here"), "here") == b"after"


def test_a_key_that_is_not_there_is_named() -> None:
    sealed = keys(OLD).seal(b"x", "here")
    with pytest.raises(
        StoreError, match=rf"^here is .* key {key_id(OLD).hex()}, .* known are: {key_id(NEW).hex()}$"
    ):
        keys(NEW).open(sealed, "here")
    with pytest.raises(StoreError, match=r"known are: none; set FRESHET_STORE_KEY_FILE or _COMMAND$"):
        keys().open(sealed, "here")


def test_every_change_of_a_sealed_file_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encryption, "_CHUNK_BYTES", 10)
    sealed = keys(NEW).seal(b"0123456789" * 3, "here")
    header, chunk = 48, 26
    for at in range(len(MAGIC), len(sealed)):
        changed = bytearray(sealed)
        changed[at] ^= 1
        with pytest.raises(StoreError):
            keys(NEW).open(bytes(changed), "here")
    first, second, third = (sealed[header + n * chunk : header + (n + 1) * chunk] for n in range(3))
    for other in (first + second, second + first + third, first + third, first + second + third + third, b""):
        with pytest.raises(StoreError, match=r"^here was tampered with"):
            keys(NEW).open(sealed[:header] + other, "here")


def test_a_file_in_anothers_place_is_found() -> None:
    with pytest.raises(StoreError, match=r"^there was tampered with, or is a file from elsewhere"):
        keys(NEW).open(keys(NEW).seal(b"x", "here"), "there")


def test_what_was_never_encrypted_is_read_unless_it_has_to_be_encrypted() -> None:
    assert keys(NEW).open(b"plain", "here") == b"plain"
    with pytest.raises(
        StoreError, match=r"^here is not encrypted, which FRESHET_STORE_KEY_REQUIRED asks for"
    ):
        keys(NEW, required=True).open(b"plain", "here")


def test_without_keys_files_stay_as_they_are() -> None:
    assert load_keys(Settings()).seal(b"plain", "here") == b"plain"


def test_keys_come_from_a_file_or_from_what_a_command_prints(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(lines(OLD, NEW))
    sealed = keys(OLD, NEW).seal(b"x", "here")
    assert load_keys(Settings(store_key_file=file)).open(sealed, "here") == b"x"
    assert load_keys(Settings(store_key_command=f"cat '{file}'")).open(sealed, "here") == b"x"


def test_a_file_without_a_key_is_the_stores_error(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=f"^FRESHET_STORE_KEY_FILE, {tmp_path}/none: No such file"):
        load_keys(Settings(store_key_file=tmp_path / "none"))


def test_snapshots_are_encrypted_read_again_and_listed(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    plain = SnapshotStore(Settings(store=str(tmp_path)))
    plain.save(Manifest(1, 1, "log", 100), {"counts": np.arange(3)})
    file.write_text(lines(OLD))
    sealing = SnapshotStore(Settings(store=str(tmp_path), store_key_file=file))
    newest = sealing.newest("log")
    assert newest is not None
    assert newest[0].number == 1
    name = sealing.save(Manifest(1, 2, "log", 200), {"users": b"anna and ben", "counts": np.arange(3)})
    assert b"anna" not in (tmp_path / "snapshots" / name).read_bytes()
    newest = sealing.newest("log")
    assert newest is not None
    assert newest[1]["users"] == b"anna and ben"
    assert [listed.manifest.number for listed in sealing.listed(["counts"])] == [1, 2]
    with pytest.raises(
        StoreError, match=f"^snapshots/00000001-000000000002 is encrypted with the key {key_id(OLD).hex()}"
    ):
        plain.newest("log")
    required = SnapshotStore(Settings(store=str(tmp_path), store_key_file=file, store_key_required=True))
    with pytest.raises(StoreError, match=r"^snapshots/00000001-000000000001 is not encrypted"):
        required.listed()


def test_a_damaged_snapshot_is_passed_over_but_one_under_anothers_number_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(lines(OLD))
    store = SnapshotStore(Settings(store=str(tmp_path), store_key_file=file))
    for number in (1, 2):
        store.save(Manifest(1, number, "log", number * 100), {"counts": np.arange(number)})
    first, second = sorted((tmp_path / "snapshots").iterdir())
    second.write_bytes(second.read_bytes()[:-1])
    newest = store.newest("log")
    assert newest is not None
    assert newest[0].number == 1
    first.rename(first.with_name(first.name.replace("000000000001", "000000000009")))
    with pytest.raises(StoreError, match=r"^snapshots/00000001-000000000009 was tampered with"):
        store.newest("log")
