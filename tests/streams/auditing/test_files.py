from pathlib import Path

import numpy as np
import pytest

from online.fold import ExampleFold
from online.item import Item
from online.owners import COUNTED, number_of
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.saved import Saved
from online.sets import SetGrouper
from streams.auditing.files import CONTENTS, Named, search_home, search_store
from streams.auditing.items import DOCUMENTS
from streams.auditing.needle import Needle
from streams.settings import Settings
from streams.stores.snapshots import Manifest, SnapshotStore


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_a_snapshot_says_in_which_part_of_an_array_something_is_named(settings: Settings) -> None:
    recommender = Recommender(RecommenderConfig(capacity=64))
    recommender.put_item(Item("a-lamp", title="Lamp"))
    recommender.put_item(Item("a-desk", title="Desk"))
    recommender.delete_item("a-desk")
    name = SnapshotStore(settings).save(Manifest(1, 1, "log", 0), ExampleFold(recommender).save())
    part = DOCUMENTS.removesuffix("documents")
    named, count = search_store(settings, [Needle(item) for item in ("a-lamp", "a-desk", "a-vase")])
    assert count == 1
    assert {one.id: set(one.parts) for one in named} == {
        "a-lamp": {f"{part}ids", DOCUMENTS},
        "a-desk": {f"{part}ids", f"{part}deleted"},
    }
    assert {one.name for one in named} == {name}


def test_other_files_are_searched_as_they_are(settings: Settings) -> None:
    needles = [Needle("user-1"), Needle("user-2"), Needle("12")]
    (settings.home / "store").mkdir()
    (settings.home / "store" / "left.bin").write_bytes(b"\0user-1\0 12")
    (settings.home / "workers.log").write_text("user-2 and 12")
    (settings.home / "broker").mkdir()
    (settings.home / "broker" / "log").write_text("user-1")
    assert search_store(settings, needles) == ([Named("user-1", "left.bin", (CONTENTS,))], 1)
    found = [Named(name, "workers.log", (CONTENTS,)) for name in ("user-2", "12")]
    assert search_home(settings, needles) == (found, 1)


def test_what_goes_while_it_is_searched_names_nobody(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    SnapshotStore(settings).save(Manifest(1, 1, "log", 0), {"sets": SetGrouper().save()})
    log, read = settings.home / "worker.log", Path.read_bytes
    log.write_text("ann-lee")

    def gone(_store: SnapshotStore, name: str) -> None:
        (settings.home / "store" / "snapshots" / name).unlink()

    def read_late(path: Path) -> bytes:
        path.unlink()
        return read(path)

    monkeypatch.setattr(SnapshotStore, "read", gone)
    monkeypatch.setattr(Path, "read_bytes", read_late)
    assert search_store(settings, [Needle("ann-lee")]) == ([], 1)
    assert search_home(settings, [Needle("ann-lee")]) == ([], 1)


def test_an_account_of_a_users_privacy_in_a_snapshot_is_found(settings: Settings) -> None:
    saved: Saved = {"sets": SetGrouper().save(), COUNTED: np.array([number_of("ann")], np.uint64)}
    name = SnapshotStore(settings).save(Manifest(1, 1, "log", 0), saved)
    (named,), files = search_store(settings, [Needle("ann"), Needle("bob")])
    assert (named.id, named.name, named.parts) == ("ann", name, (COUNTED,))
    assert files == 1
