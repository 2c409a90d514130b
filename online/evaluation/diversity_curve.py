"""What variety costs: the same lists, made more varied step by step.

How a list is arranged changes nothing that is learned, so the stream is replayed once, and its lists are kept and
arranged anew for every dial, with likeness and counts as they are at the end of the replay.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import get_args

import numpy as np

from online.evaluation.evaluate import Evaluation
from online.evaluation.methods import Method, Ranked, Taken, UserView
from online.evaluation.replay import HEAD_LENGTH
from online.evaluation.report import Report
from online.evaluation.serving import Serving
from online.ranking.diversity import POOL_FACTOR, Diversifier

DIALS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@dataclass(frozen=True)
class Point:
    """One setting and what its lists are worth."""

    diversifier: Diversifier
    dial: float
    report: Report
    miscalibration: float | None
    """Mean over the lists of how far their kinds are from those of what their users had, in nats; None: no kinds."""


def diversity_curve(evaluation: Evaluation, progress: Callable[[str, int], None]) -> Iterator[Point]:
    """The lists as they are, dial 0, and then for each way of making them varied and each dial of DIALS.

    Lists of warm-up sets count for the miscalibration too; all other figures leave them out.

    Args:
        evaluation: The stream and what is asked; delays count for the lists as they are.
        progress: Told what is replayed, and the events done.
    """
    serving = evaluation.serving()
    kept = _Kept(serving)
    evaluation.report(kept, lambda done: progress("lists", done))
    settings = [(diversifier, dial) for diversifier in get_args(Diversifier) for dial in DIALS]
    for diversifier, dial in [("dpp", 0.0), *settings]:
        arranged = _Arranged(iter(kept.lists), serving, diversifier, dial)
        name = f"{diversifier} {dial}"
        report = evaluation.report(arranged, lambda done, name=name: progress(name, done))  # type: ignore[misc]
        yield Point(diversifier, dial, report, arranged.miscalibration())


class _Kept:
    """A method whose lists are kept."""

    def __init__(self, method: Method) -> None:
        self._method = method
        self.lists: list[Ranked] = []

    def recommend(self, view: UserView, k: int) -> Ranked:
        ranked = self._method.recommend(view, k)
        self.lists.append(ranked)
        return ranked

    def learn(self, taken: Taken) -> None:
        self._method.learn(taken)


class _Arranged:
    """Kept lists with a varied head. What is not chosen for it follows as it was."""

    def __init__(
        self, lists: Iterator[Ranked], serving: Serving, diversifier: Diversifier, dial: float
    ) -> None:
        self._lists, self._serving, self._diversifier, self._dial = lists, serving, diversifier, dial
        self._miscalibrations: list[float] = []

    def recommend(self, view: UserView, k: int) -> Ranked:
        ranked = next(self._lists)
        if view.is_cold_only:
            return ranked
        pool = POOL_FACTOR * HEAD_LENGTH
        head = Ranked(ranked.items[:pool], ranked.scores[:pool])
        chosen = self._serving.varied(view, head, HEAD_LENGTH, self._dial, self._diversifier)
        far = self._serving.miscalibration(view, head.items[chosen])
        if far is not None:
            self._miscalibrations.append(far)
        order = np.concatenate((chosen, np.delete(np.arange(len(ranked.items)), chosen)))
        return Ranked(ranked.items[order], ranked.scores[order])

    def miscalibration(self) -> float | None:
        """The mean so far."""
        return float(np.mean(self._miscalibrations)) if self._miscalibrations else None

    def learn(self, taken: Taken) -> None:
        pass
