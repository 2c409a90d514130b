from pathlib import Path

import numpy as np

from online.owners import COUNTED, number_of
from online.saved import Saved
from online.sets import SetGrouper
from streams.auditing.files import search_store
from streams.auditing.needle import Needle
from streams.settings import Settings
from streams.stores.snapshots import Manifest, SnapshotStore


def test_an_account_of_a_users_privacy_in_a_snapshot_is_found(tmp_path: Path) -> None:
    settings = Settings(store=str(tmp_path))
    saved: Saved = {"sets": SetGrouper().save(), COUNTED: np.array([number_of("ann")], np.uint64)}
    name = SnapshotStore(settings).save(Manifest(1, 1, "log", 0), saved)
    (named,), files = search_store(settings, [Needle("ann"), Needle("bob")])
    assert (named.id, named.name, named.parts) == ("ann", name, (COUNTED,))
    assert files == 1
