"""One evaluation: every chosen method over the same timeline, one after the other."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from online.evaluation.baselines import BASELINES, PACKAGES, check_installed
from online.evaluation.lists import category_vectors
from online.evaluation.methods import Method
from online.evaluation.replay import Delays, Replay
from online.evaluation.report import Report, report
from online.evaluation.serving import Ranks, Serving
from online.evaluation.standing import StandingLists
from online.evaluation.stream import ItemText, Stream
from online.evaluation.tables import InputError
from online.evaluation.timeline import Repeats, Ties, timeline
from online.evaluation.variants import (
    DEFAULT_FUSION,
    FRESHET,
    STANDING,
    VARIANTS,
    Fusion,
    ItemContent,
    Setting,
    variant,
)

METHODS = (FRESHET, *BASELINES, *VARIANTS)
DEFAULT_METHODS = tuple(name for name in METHODS if name not in PACKAGES and name not in VARIANTS)
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
    fusion: Fusion = DEFAULT_FUSION


def chosen_methods(names: str, others: Sequence[str] = ()) -> list[str]:
    """The methods of a comma-separated list; if it is empty, DEFAULT_METHODS and the others that the stream has.

    Raises:
        InputError: There is no such method, and the message names those there are; or its package is not installed.
    """
    chosen = [name.strip() for name in names.split(",") if name.strip()]
    for name in chosen:
        if name not in (*METHODS, *others):
            msg = f"--methods: {name!r} is unknown; known are {', '.join((*METHODS, *others))}"
            raise InputError(msg)
        check_installed(name)
    return list(dict.fromkeys(chosen)) or [*DEFAULT_METHODS, *others]


Progress = Callable[[str, int], None]
"""Is told a method's name and how many events it has done."""


class Evaluation:
    """A stream and what is asked, ready to replay any method."""

    def __init__(
        self,
        stream: Stream,
        task: Task,
        content: ItemContent,
        clock: Callable[[], float],
    ) -> None:
        """Prepares the timeline; for the arguments see `evaluate`."""
        self._stream, self._task, self._content, self._clock = stream, task, content, clock
        self._timeline = timeline(stream, task.ties, task.repeats, task.warm_up, task.seed, task.limit)
        texts = [stream.catalogue.get(item_id, ItemText()) for item_id in stream.item_ids]
        has_categories = any(text.categories for text in texts)
        self._similarity = category_vectors([text.categories for text in texts]) if has_categories else None
        self._modality = [text.modalities for text in texts] if stream.catalogue else []

    def method(self, name: str) -> Method:
        """One of METHODS, new."""
        if name in BASELINES:
            return BASELINES[name](len(self._stream.item_ids))
        serving = self.serving(name)
        return StandingLists(serving, STANDING[name]) if name in STANDING else serving

    def serving(self, name: str = FRESHET, ranking: Ranks | None = None) -> Serving:
        """Freshet itself, or one of VARIANTS; it learns to rank as ever, or as what is given does."""
        task = self._task
        setting = Setting(task.repeats, task.fusion, task.seed, task.delays)
        return variant(name, self._stream, self._timeline, setting, self._content, ranking)

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
    content: ItemContent,
    clock: Callable[[], float],
    progress: Progress,
    others: Mapping[str, Callable[[], Method]] = MappingProxyType({}),
) -> dict[str, Report]:
    """Replays the stream once for each method.

    Args:
        stream: What happened.
        task: What is asked.
        methods: Some of METHODS, or of `others`.
        content: What items are made of; no baseline sees it.
        clock: Seconds that this thread has worked, for the methods' speed.
        progress: Told how far each method is.
        others: Makes the methods that only this stream has.

    Returns:
        The figures by method, in the order asked.
    """
    evaluation = Evaluation(stream, task, content, clock)
    reports = {}
    for name in methods:
        method = others[name]() if name in others else evaluation.method(name)
        reports[name] = evaluation.report(method, lambda done, name=name: progress(name, done))  # type: ignore[misc]
    return reports
