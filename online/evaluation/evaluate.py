"""One evaluation: every chosen method over the same timeline, one after the other."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from online.evaluation.baselines import BASELINES, PACKAGES, check_installed
from online.evaluation.lists import category_vectors
from online.evaluation.methods import Method
from online.evaluation.replay import Delays, Replay
from online.evaluation.report import Report, report
from online.evaluation.serving import Serving
from online.evaluation.stream import ItemText, Stream
from online.evaluation.tables import InputError
from online.evaluation.timeline import Repeats, Ties, Timeline, timeline
from online.learning.ranking import RankingConfig, RankingLearner
from online.ranking.blend import SOURCES
from online.recommender import Recommender, RecommenderConfig

FRESHET = "freshet"
_WITHOUT = f"{FRESHET}_without_"
ABLATIONS = tuple(_WITHOUT + part for part in ("ranker", "replay", *SOURCES))
"""Freshet without one of its parts: without the ranker the blend ranks, without a source nothing it says counts."""
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
    replayed = timeline(stream, task.ties, task.repeats, task.warm_up, task.seed, task.limit)
    texts = [stream.catalogue.get(item_id, ItemText()) for item_id in stream.item_ids]
    similarity = (
        category_vectors([text.categories for text in texts]) if any(t.categories for t in texts) else None
    )
    modality = [text.modalities for text in texts] if stream.catalogue else []
    reports = {}
    for name in methods:
        replay = Replay(replayed, len(texts), task.repeats, task.delays, clock)
        method = _method(name, stream, replayed, task, vectors)
        outcome = replay.run(method, lambda done, name=name: progress(name, done))  # type: ignore[misc]
        reports[name] = report(replayed, outcome, len(texts), similarity, modality)
    return reports


def _method(
    name: str, stream: Stream, replayed: Timeline, task: Task, vectors: Mapping[str, NDArray[np.float32]]
) -> Method:
    if name in BASELINES:
        return BASELINES[name](len(stream.item_ids))
    part = name.removeprefix(_WITHOUT)
    muted = (part,) if part in SOURCES else ()
    recommender = Recommender(RecommenderConfig(repeats=task.repeats, muted=muted))
    ranking = RankingLearner(RankingConfig(seed=task.seed, **({"replayed": 0} if part == "replay" else {})))
    serving = Serving(
        recommender,
        ranking if part != "ranker" else None,
        stream,
        replayed,
        is_delayed=task.delays != Delays(),
    )
    for item_id, vector in vectors.items():
        recommender.put_vector(item_id, vector)
    return serving
