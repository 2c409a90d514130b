"""The learner's fusion of modalities: item vectors learned from what is had after what, and the taste that fits."""

import logging
from collections.abc import Collection, Iterator, Mapping
from hashlib import blake2b

import numpy as np
from msgspec.structs import replace

from online.events import ExampleSet
from online.fusion.learner import FusionConfig, FusionLearner
from online.fusion.taste import pack
from online.saved import Saved, arrays_of, as_part
from online.statistics.base import Floats
from streams.hurry import SHED_MS
from streams.settings import Settings
from streams.time_share import TimeShare

logger = logging.getLogger(__name__)

TIME_SHARE = 0.1
"""Of the learner's time that may go into steps; what comes while it has had its share is learned from by replay."""
PREFIX = "fusion."


class LearnedFusion:
    """What the learner does with items' media, and with what is had."""

    def __init__(self, learner: FusionLearner, time_share: TimeShare) -> None:
        self._learner = learner
        self._time = time_share
        self.digest = self._digest()
        """Says which tower is served: vectors of different ones are never compared."""

    def learn(self, example_set: ExampleSet, late_ms: int) -> None:
        """Takes a set, unless the log is read too late; makes a step if one is due and its time is not spent."""
        if late_ms > SHED_MS:
            return
        self._learner.take(example_set)
        if self._learner.is_due and self._time.is_free():
            with self._time.turn():
                self._learner.step()

    def forget(self, user_ids: Collection[str]) -> dict[str, int]:
        """Learns from no example of these users any more; returns how many of each were kept."""
        return {user_id: self._learner.forget_user(user_id) for user_id in user_ids}

    def holds(self, user_id: str) -> bool:
        """Whether an example of the user is kept."""
        return self._learner.holds(user_id)

    def vector(self, item_id: str, media: Mapping[str, Floats]) -> Floats | None:
        """An item's vector, [dim] of unit length, by what it is made of now; None if that is nothing."""
        return self._learner.put(item_id, media)

    def moved(self) -> bool:
        """Whether what was learned differs noticeably from what is served."""
        return self._learner.moved()

    def advance(self) -> Iterator[dict[str, Floats]]:
        """Serves what was learned; every item's vector, [dim], some thousand at a time."""
        found = self._learner.advance()
        self.digest = self._digest()
        return found

    def taste(self) -> bytes:
        """What goes with the vectors; empty before anything learned is served."""
        taste = self._learner.taste()
        return b"" if taste is None else pack(taste)

    def save(self) -> Saved:
        """What a snapshot has to hold."""
        return as_part(PREFIX, self._learner.save())

    def load(self, saved: Saved) -> None:
        """Goes on from a snapshot; one without a fusion that fits changes nothing that was learned."""
        arrays = arrays_of(saved, PREFIX)
        if not self._learner.load(arrays) and arrays:
            logger.warning(
                "the snapshot's fusion is of another kind or version: item vectors are learned anew"
            )
        self.digest = self._digest()

    def _digest(self) -> str:
        served = self._learner.served_weights()
        found = blake2b(digest_size=12)
        for name in sorted(served):
            found.update(np.ascontiguousarray(served[name]).tobytes())
        return found.hexdigest()


def new_fusion(settings: Settings) -> LearnedFusion | None:
    """What a learner has for its fusion; None where items' vectors are fixed projections."""
    learner = new_fusion_learner(settings)
    return None if learner is None else LearnedFusion(learner, TimeShare(TIME_SHARE))


def new_fusion_learner(settings: Settings) -> FusionLearner | None:
    """A fusion that has learned nothing yet; None where items' vectors are fixed projections."""
    if settings.fusion == "fixed" or settings.dp_epsilon is not None:
        return None
    config = FusionConfig(capacity=settings.item_capacity)
    if settings.fusion is not None:
        config = replace(config, kind=settings.fusion)
    return FusionLearner(config)
