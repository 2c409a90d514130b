"""How lists of late were ranked before they were learned: by the network that is served, and by the blend."""

import numpy as np
from numpy.typing import NDArray

JUDGED_LISTS = 2_000
"""About so many of the last lists count."""


class Judged:
    """How many lists, and the sums of the network's and the blend's reciprocal ranks."""

    def __init__(self) -> None:
        self._sums = np.zeros(3)

    def add(self, by_network: NDArray[np.float64], by_blend: NDArray[np.float64]) -> None:
        """Takes the reciprocal ranks of some lists, [lists] each."""
        self._sums *= 1 - len(by_network) / JUDGED_LISTS
        self._sums += (len(by_network), by_network.sum(), by_blend.sum())

    def prefers_blend(self) -> bool:
        """Whether the blend ranked better, or nothing has been judged."""
        lists, by_network, by_blend = self._sums
        return bool(lists == 0 or by_network < by_blend)

    def mean_reciprocal_ranks(self) -> dict[str, float]:
        """Of what was had, by what ranked it; empty without lists."""
        lists, by_network, by_blend = self._sums.tolist()
        return {"network": by_network / lists, "blend": by_blend / lists} if lists else {}

    def save(self) -> NDArray[np.float64]:
        """[3] lists, and the two sums."""
        return self._sums.copy()

    def load(self, saved: NDArray[np.float64]) -> None:
        """Takes back what `save` gave."""
        self._sums = saved.copy()
