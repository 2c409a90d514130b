"""Item vectors of one generation: those of the next are kept aside until all of them are there."""

import numpy as np
from numpy.typing import NDArray

from online.recommender import Recommender


class ServedVectors:
    """What a recommend worker's lists compare items by."""

    def __init__(self, recommender: Recommender) -> None:
        self._recommender = recommender
        self._generation = 0
        self._served: set[str] = set()
        self._ahead: dict[str, tuple[int, NDArray[np.float32]]] = {}

    def put(self, item_id: str, vector: NDArray[np.float32], generation: int) -> None:
        """Takes an item's vector, [dim] of any length; one of a former generation is ignored."""
        if generation == self._generation:
            self._recommender.put_vector(item_id, vector)
            self._served.add(item_id)
        elif generation > self._generation:
            self._ahead[item_id] = (generation, vector)

    def drop(self, item_id: str) -> None:
        """Removes an item's vector, also the next one."""
        self._recommender.drop_vector(item_id)
        self._served.discard(item_id)
        self._ahead.pop(item_id, None)

    def holds(self, item_id: str) -> bool:
        """Whether the item has a vector, be it the next one."""
        return item_id in self._served or item_id in self._ahead

    def serve(self, generation: int) -> bool:
        """Changes over to a generation in one go; what has no vector in it has none any more.

        Returns:
            Whether it is another one than before.
        """
        if generation <= self._generation:
            return False
        self._generation = generation
        ahead, self._ahead = self._ahead, {}
        for item_id in self._served - ahead.keys():
            self._recommender.drop_vector(item_id)
        served = {item_id: vector for item_id, (known, vector) in ahead.items() if known == generation}
        self._recommender.put_vectors(served)
        self._served = set(served)
        self._ahead = {
            item_id: (known, vector) for item_id, (known, vector) in ahead.items() if known > generation
        }
        return True
