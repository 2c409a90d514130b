"""What a list is worth: each measure with its formula and source.

All take the ranks of the targets of scored sets, 1 for the first place and MISSED for what the list lacks, and
average over sets that have a target. Recommendation lists are not sampled: the rank is among all known items
(Krichene & Rendle, 2020, on why).
"""

from dataclasses import dataclass

import numpy as np

from online.evaluation.judge import MISSED
from online.evaluation.stream import FloatArray, IntArray, LongArray


@dataclass(frozen=True)
class Judged:
    """Ranks of targets, grouped by the list that they were looked for in."""

    ranks: IntArray
    """[targets]."""
    list_of: LongArray
    """[targets], numbers 0 ... list_count - 1, each at least once."""
    list_count: int

    @classmethod
    def grouped(cls, ranks: IntArray, keys: LongArray) -> "Judged":
        """From ranks and whatever names the list of each."""
        lists, list_of = np.unique(keys, return_inverse=True)
        return cls(ranks, list_of.astype(np.int64), len(lists))

    def _per_list(self, worth: FloatArray) -> FloatArray:
        return np.bincount(self.list_of, weights=worth, minlength=self.list_count).astype(np.float64)

    def _hits(self, k: int) -> FloatArray:
        return self._per_list(((self.ranks != MISSED) & (self.ranks <= k)).astype(np.float64))

    def _sizes(self) -> FloatArray:
        return self._per_list(np.ones(len(self.ranks)))

    def hit_rate(self, k: int) -> float:
        """HR@k: share of lists whose first k hold at least one target (Deshpande & Karypis, 2004)."""
        return float((self._hits(k) > 0).mean())

    def precision(self, k: int) -> float:
        """P@k: targets among the first k, over k, whatever the list's length (Herlocker et al., 2004)."""
        return float(self._hits(k).mean() / k)

    def recall(self, k: int) -> float:
        """R@k: targets among the first k, over all targets of the list (Herlocker et al., 2004)."""
        return float((self._hits(k) / self._sizes()).mean())

    def ndcg(self, k: int) -> float:
        """NDCG@k, binary: DCG = sum over hits of 1 / log2(rank + 1), ideal = that of min(k, n) hits in front.

        After Järvelin & Kekäläinen (2002).
        """
        is_hit = (self.ranks != MISSED) & (self.ranks <= k)
        gains = np.where(is_hit, 1.0 / np.log2(np.maximum(self.ranks, 1) + 1.0), 0.0)
        ideal = np.cumsum(1.0 / np.log2(np.arange(k) + 2.0))
        sizes = np.minimum(self._sizes(), k).astype(np.int64)
        return float((self._per_list(gains) / ideal[sizes - 1]).mean())

    def mrr(self) -> float:
        """Mean reciprocal rank: 1 / rank of the first hit, 0 for a list without one (Voorhees, 1999).

        Lists end at place 100, so what a longer list would add, at most 1/101 each, is not in it.
        """
        best = np.full(self.list_count, np.inf)
        hit = self.ranks != MISSED
        np.minimum.at(best, self.list_of[hit], self.ranks[hit])
        return float((1.0 / best).mean())

    def figures(self) -> dict[str, float]:
        """Every measure by its name in reports, with the numbers of lists and targets behind it."""
        counts = {"lists": float(self.list_count), "targets": float(len(self.ranks))}
        if not self.list_count:
            return counts
        return {
            "hr@10": self.hit_rate(10),
            "ndcg@10": self.ndcg(10),
            "recall@10": self.recall(10),
            "precision@10": self.precision(10),
            "mrr": self.mrr(),
            "hr@100": self.hit_rate(100),
            **counts,
        }
