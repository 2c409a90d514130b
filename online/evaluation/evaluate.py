"""One evaluation: every chosen method over the same timeline, one after the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from msgspec import structs
from numpy.typing import NDArray

from online.evaluation.baselines import BASELINES, PACKAGES, check_installed
from online.evaluation.lists import category_vectors
from online.evaluation.methods import Method
from online.evaluation.replay import Delays, Replay
from online.evaluation.report import Report, report
from online.evaluation.serving import Serving
from online.evaluation.stream import ItemText, Stream
from online.evaluation.tables import InputError
from online.evaluation.timeline import Repeats, Ties, timeline
from online.learning.ranking import RankingConfig, RankingLearner
from online.ranking.blend import SOURCES
from online.recommender import Recommender, RecommenderConfig

FRESHET = "freshet"
_WITHOUT = f"{FRESHET}_without_"
ABLATIONS = tuple(_WITHOUT + part for part in ("ranker", "replay", "drift", "leisure", *SOURCES))
"""Freshet without one of its parts: without the ranker the blend ranks, without drift its alarms are only noted,
without leisure every list is made in a hurry, without a source nothing it says counts."""
METHODS = (FRESHET, *BASELINES, *ABLATIONS)
DEFAULT_METHODS = tuple(name for name in METHODS if name not in PACKAGES and name not in ABLATIONS)
"""What runs when no method is named: all that Freshet's own dependencies are enough for."""


@dataclass(frozen=True)
class Task:
    """What is asked of every method."""

    repeats: Repeats = "allow"
    """With "hide", items that the user had are neither recommended nor counted."""
    ties: Ties = "set"
    """Whether equal timestamps of a user form one set, or single events in an order that the seed decides."""
    warm_up: float = 0.2
    """Share that is learned and not scored: of time for sets, of events otherwise."""
    limit: int | None = None
    """Only the first so many events."""
    seed: int = 0
    delays: Delays = field(default_factory=Delays)


def chosen_methods(names: str) -> list[str]:
    """The methods of a comma-separated list; DEFAULT_METHODS if it is empty.

    Raises:
        InputError: There is no such method, and the message names those there are; or its package is not installed.
    """
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    for name in chosen:
        if name not in METHODS:
            msg = f"--methods: {name!r} is unknown; known are {', '.join(METHODS)}"
            raise InputError(msg)
        check_installed(name)
    return list(dict.fromkeys(chosen)) or list(DEFAULT_METHODS)


Progress = Callable[[str, int], None]
"""Is told a method's name and how many events it has done."""


class Evaluation:
    """A stream and what is asked, ready to replay any method."""

    def __init__(
        self,
        stream: Stream,
        task: Task,
        vectors: Mapping[str, NDArray[np.float32]],
        clock: Callable[[], float],
    ) -> None:
        """Prepares the timeline; for the arguments see `evaluate`."""
        self._stream, self._task, self._vectors, self._clock = stream, task, vectors, clock
        self._timeline = timeline(stream, task.ties, task.repeats, task.warm_up, task.seed, task.limit)
        texts = [stream.catalogue.get(item_id, ItemText()) for item_id in stream.item_ids]
        has_categories = any(text.categories for text in texts)
        self._similarity = category_vectors([text.categories for text in texts]) if has_categories else None
        self._modality = [text.modalities for text in texts] if stream.catalogue else []

    def method(self, name: str) -> Method:
        """One of METHODS, new."""
        if name in BASELINES:
            return BASELINES[name](len(self._stream.item_ids))
        return self.serving(name.removeprefix(_WITHOUT))

    def serving(self, without: str = "") -> Serving:
        """Freshet itself, perhaps without a part."""
        task = self._task
        muted = (without,) if without in SOURCES else ()
        recommender = Recommender(
            RecommenderConfig(repeats=task.repeats, muted=muted, hurried=without == "leisure")
        )
        config = RankingConfig(seed=task.seed, answers_drift=without != "drift")
        if without == "replay":
            config = structs.replace(config, replayed=0)
        ranking = RankingLearner(config)
        serving = Serving(
            recommender,
            ranking if without != "ranker" else None,
            self._stream,
            self._timeline,
            is_delayed=task.delays != Delays(),
        )
        for item_id, vector in self._vectors.items():
            recommender.put_vector(item_id, vector)
        return serving

    def report(self, method: Method, progress: Callable[[int], None]) -> Report:
        """The figures of one pass; `progress` is told the events done."""
        item_count = len(self._stream.item_ids)
        replay = Replay(self._timeline, item_count, self._task.repeats, self._task.delays, self._clock)
        outcome = replay.run(method, progress)
        figures = report(self._timeline, outcome, item_count, self._similarity, self._modality)
        if isinstance(method, Serving):
            figures["overall"]["drift_alarms"] = float(method.drift_alarm_count)
        return figures


def evaluate(
    stream: Stream,
    task: Task,
    methods: list[str],
    vectors: Mapping[str, NDArray[np.float32]],
    clock: Callable[[], float],
    progress: Progress,
) -> dict[str, Report]:
    """Replays the stream once for each method.

    Args:
        stream: What happened.
        task: What is asked.
        methods: Some of METHODS.
        vectors: Content vectors by item id, [RecommenderConfig.dim], unit length; no baseline sees them.
        clock: Seconds that this thread has worked, for the methods' speed.
        progress: Told how far each method is.

    Returns:
        The figures by method, in the order asked.
    """
    evaluation = Evaluation(stream, task, vectors, clock)
    return {
        name: evaluation.report(evaluation.method(name), lambda done, name=name: progress(name, done))  # type: ignore[misc]
        for name in methods
    }
