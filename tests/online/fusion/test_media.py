import numpy as np

from online.fusion.media import ItemMedia


def test_what_items_have_in_common_is_that_of_what_they_are_made_of_now_however_often_they_came() -> None:
    rng = np.random.default_rng(0)
    media = ItemMedia(16, lambda _rows: None)
    for _ in range(2_000):
        vector = rng.normal(size=8)
        media.put("often", {"text": np.asarray(vector / np.linalg.norm(vector), np.float32)})
    first = np.zeros(8, np.float32)
    first[0] = 1.0
    media.put("often", {"text": first})
    centre = media.common().centre[0, :8]
    assert np.abs(centre - first).max() < 1e-6
