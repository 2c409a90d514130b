import numpy as np

from online.fusion.media import CHANGED_SHARE, LOOKED_AT, ItemMedia
from online.statistics.base import Floats


def test_what_items_have_in_common_is_that_of_what_they_are_made_of_now_however_often_they_came() -> None:
    rng = np.random.default_rng(0)
    media = ItemMedia(16, lambda _rows: None)
    for _ in range(2_000):
        vector = rng.normal(size=8)
        media.put("often", {"text": np.asarray(vector / np.linalg.norm(vector), np.float32)})
    first = np.zeros(8, np.float32)
    first[0] = 1.0
    media.put("often", {"text": first})
    centre = media.centre()[0, :8]
    assert np.abs(centre - first).max() < 1e-6


def unit(rng: np.random.Generator) -> Floats:
    vector = rng.normal(size=8)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def test_a_modality_is_looked_at_anew_when_a_share_of_its_items_came_or_changed() -> None:
    rng = np.random.default_rng(0)
    media = ItemMedia(4_096, lambda _rows: None)
    for item in range(2_000):
        media.put(f"i{item}", {"text": unit(rng)} | ({"image": unit(rng)} if item < 10 else {}))
    looked_at = dict(media.changed(rng))
    assert {place: len(vectors) for place, vectors in looked_at.items()} == {0: LOOKED_AT, 1: 10}
    np.testing.assert_allclose(np.linalg.norm(looked_at[0], axis=1), 1.0, atol=1e-2)
    assert not dict(media.changed(rng))
    for item in range(10, 10 + int(CHANGED_SHARE * 2_000)):
        media.put(f"i{item}", {"text": unit(rng)})
    assert not dict(media.changed(rng))
    media.put("i1000", {"text": unit(rng)})
    assert dict(media.changed(rng)).keys() == {0}


def test_of_a_modality_that_no_item_has_any_more_nothing_is_looked_at() -> None:
    rng = np.random.default_rng(0)
    media = ItemMedia(16, lambda _rows: None)
    media.put("i", {"text": unit(rng)})
    media.put("i", {})
    assert not dict(media.changed(rng))
