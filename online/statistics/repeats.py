"""How often what is had was had before: by item, and overall."""

import numpy as np
from numba import njit

from online.statistics.base import Floats, Observation, Query, Rows, best_rows
from online.statistics.decay import ForwardDecay

PRIOR = 10.0
"""Events that an item's repeat share is shrunk with towards the share of all events."""


@njit(cache=True)
def repeat_share(counts: Floats, total: Floats, row: int, factor: float) -> float:
    """Share of an item's events that were repeats, shrunk to the overall share."""
    overall = (total[1] * factor) / (total[0] * factor + PRIOR)
    return float((counts[row, 1] * factor + PRIOR * overall) / (counts[row, 0] * factor + PRIOR))


class Repeats:
    """Repeat shares, and from them and the user's own frequencies what the user will have again."""

    def __init__(self, capacity: int, half_life_s: float) -> None:
        self.counts = np.zeros((capacity, 2), np.float32)
        """[capacity, 2] stored counts: events, and those of them that were repeats."""
        self.total = np.zeros(2, np.float32)
        """[2] the same over all items."""
        self._decay = ForwardDecay(half_life_s, (self.counts, self.total))

    def fold(self, observed: Observation) -> None:
        """Counts one set."""
        scale = np.float32(self._decay.weight(observed.timestamp_s))
        self.counts[observed.rows, 0] += scale
        self.counts[observed.rows, 1] += scale * observed.is_repeat
        self.total[0] += scale * len(observed.rows)
        self.total[1] += scale * np.count_nonzero(observed.is_repeat)

    def factor(self, now_s: float) -> float:
        """What turns a stored count into its value at `now_s`."""
        return self._decay.factor(now_s)

    def overall_share(self, now_s: float) -> float:
        """Share of all recent events that were repeats, in [0, 1); 0 while little has been seen."""
        factor = self.factor(now_s)
        return float(self.total[1] * factor / (self.total[0] * factor + PRIOR))

    def candidates(self, query: Query, limit: int) -> Rows:
        """Items the user had, best first."""
        rows = query.had[query.had >= 0]
        return best_rows(rows, self.score(query, rows), limit)

    def score(self, query: Query, rows: Rows) -> Floats:
        """The user's frequency of each row times the row's repeat share; zero for what the user never had."""
        frequency = dict(zip(query.had.tolist(), query.frequency.tolist(), strict=True))
        factor = self.factor(query.now_s)
        return np.array(
            [
                frequency.get(row, 0.0) * repeat_share(self.counts, self.total, row, factor)
                for row in rows.tolist()
            ],
            np.float32,
        )

    def forget(self, rows: Rows) -> None:
        """Drops the rows' counts; the overall share stays."""
        self.counts[rows] = 0.0

    def save(self) -> dict[str, np.ndarray]:
        """The counts up to the last one above zero."""
        end = int(np.flatnonzero(self.counts[:, 0]).max(initial=-1)) + 1
        return {
            "counts": self.counts[:end].copy(),
            "total": self.total.copy(),
            "reference_s": np.array(self._decay.reference_s),
        }

    def load(self, saved: dict[str, np.ndarray]) -> None:
        """Takes back what `save` gave."""
        self.counts[:] = 0.0
        self.counts[: len(saved["counts"])] = saved["counts"]
        self.total[:] = saved["total"]
        self._decay.reference_s = float(saved["reference_s"])
