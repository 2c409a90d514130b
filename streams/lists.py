"""From a user's state to the record of `recommendations`: the shape of a published list, in one place."""

import hashlib
from collections.abc import Collection
from math import floor

from online.item_filter import ItemFilter
from online.recommender import RankedItem, Recommender
from online.state import UserState
from streams.events import Cause, ListItem, Reason, Recommendation, Through
from streams.settings import Settings


class ListMaker:
    """Makes lists with the statistics and vectors as they stand."""

    def __init__(self, settings: Settings, recommender: Recommender) -> None:
        self.recommender = recommender
        self.model_version = 0
        """Version of the newest publication of the learner that was taken in."""
        self.length = settings.list_length
        """Items of a list, unless a request asks for another number."""

    def ranked(
        self,
        state: UserState,
        wall_ms: int,
        k: int | None = None,
        exclude: Collection[str] = (),
        skip: int = 0,
        wanted: ItemFilter | None = None,
    ) -> list[ListItem]:
        """The places of a list for the user, best first; for the arguments see `Recommender.recommend`."""
        found = self.recommender.recommend(
            state,
            now_ms=state.open_ms if state.open_ms >= 0 else wall_ms,
            wall_ms=wall_ms,
            k=self.length if k is None else k,
            exclude=exclude,
            skip=skip,
            wanted=wanted,
        )
        return [_place(rank, item) for rank, item in enumerate(found, skip + 1)]

    def recommendation(self, state: UserState, cause: Cause, wall_ms: int) -> Recommendation:
        """The user's list now. Notes its ids in the state, to be scored against what the user does next."""
        items = self.ranked(state, wall_ms)
        state.published([item.item_id for item in items])
        cursor = state.cursor
        return Recommendation(
            user_id=state.user_id,
            list_id=self._list_id(state),
            generated_ms=wall_ms,
            model_version=self.model_version,
            cause=cause,
            through=Through(cursor.partition, cursor.offset, cursor.index) if cursor else Through(-1, -1, -1),
            arm="default",
            items=items,
        )

    def _list_id(self, state: UserState) -> str:
        """Follows from user, state and model version: the same list, made again after a crash, has it too."""
        known = f"{state.user_id}\0{state.applied_count}\0{state.applied_xor}\0{self.model_version}"
        return hashlib.blake2b(known.encode(), digest_size=12).hexdigest()


def _place(rank: int, item: RankedItem) -> ListItem:
    reasons = [Reason(r.kind, r.item_id, r.modality, rounded(r.weight, 1e4)) for r in item.reasons]
    return ListItem(item.item_id, rank, rounded(item.score, 1e6), None, item.source, reasons)


def rounded(value: float, scale: float) -> float:
    """To the nearest 1 / scale. `round`, which is exact to the last bit, takes three times as long."""
    return floor(value * scale + 0.5) / scale
