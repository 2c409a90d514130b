import numpy as np
from numpy.typing import NDArray

from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from streams.served_vectors import ServedVectors


def axis(place: int) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.eye(64, dtype=np.float32)[place]
    return found


class Shop:
    """A recommender and the vectors it is given."""

    def __init__(self) -> None:
        self.recommender = Recommender(RecommenderConfig(capacity=1024))
        self.vectors = ServedVectors(self.recommender)

    def axis_of(self, item_id: str) -> int | None:
        row = self.recommender.catalogue.row(item_id)
        if row < 0 or not self.recommender.statistics.content.vectors.present[row]:
            return None
        return int(np.argmax(self.recommender.statistics.content.vectors.units[row]))


def test_the_next_generation_is_served_all_at_once() -> None:
    shop = Shop()
    for place, item_id in enumerate("abc"):
        shop.vectors.put(item_id, axis(place), 0)
    shop.vectors.put("a", axis(10), 1)
    shop.vectors.put("b", axis(11), 1)
    assert [shop.axis_of(i) for i in "abc"] == [0, 1, 2]
    assert shop.vectors.serve(1)
    assert [shop.axis_of(i) for i in "abc"] == [10, 11, None]
    assert not shop.vectors.serve(1)
    assert [shop.axis_of(i) for i in "abc"] == [10, 11, None]
    assert [shop.vectors.holds(i) for i in "abc"] == [True, True, False]


def test_a_former_generation_is_ignored() -> None:
    shop = Shop()
    shop.vectors.serve(2)
    shop.vectors.put("a", axis(0), 1)
    assert shop.axis_of("a") is None
    shop.vectors.put("a", axis(1), 2)
    shop.vectors.serve(1)
    assert shop.axis_of("a") == 1


def test_a_dropped_item_does_not_come_back_with_the_next_generation() -> None:
    shop = Shop()
    shop.vectors.put("a", axis(0), 0)
    shop.vectors.put("a", axis(1), 1)
    assert shop.vectors.holds("a")
    shop.vectors.drop("a")
    assert not shop.vectors.holds("a")
    shop.vectors.serve(1)
    assert shop.axis_of("a") is None


def test_a_vector_two_generations_ahead_waits_for_its_own() -> None:
    shop = Shop()
    shop.vectors.put("a", axis(5), 2)
    shop.vectors.serve(1)
    assert shop.axis_of("a") is None
    assert shop.vectors.holds("a")
    shop.vectors.serve(2)
    assert shop.axis_of("a") == 5
