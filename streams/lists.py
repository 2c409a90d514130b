"""From a user's state to the record of `recommendations`: the shape of a published list, in one place."""

import hashlib
import logging
import math
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from online.arms import Arms
from online.item import Item
from online.item_filter import ItemFilter
from online.ranking.arrangement import Arrangement
from online.ranking.explain import EXPLORE, RankedItem
from online.ranking.tastes import Taste
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.rules.apply import Items, apply
from online.rules.rule import Rule, Scalar, Situation
from online.state import UserState
from online.statistics.base import Floats
from streams import metrics
from streams.events import Cause, ListItem, Reason, Recommendation
from streams.settings import Arm, Settings
from streams.stores.lists import Published, PublishedLists, through_of
from streams.stores.users import UserStore

logger = logging.getLogger(__name__)

LISTS_AT_ONCE = 32
"""Lists made together; more gain next to nothing, and take memory."""
RESERVE = 5
"""Items ranked beyond a list, to take the places of those that go."""
RULED_MORE = 30
"""Items ranked beyond those asked for, where rules may take some out."""
LONGEST_KEPT = 1_000
"""Characters of what an event says of its surroundings; longer values are not kept with a list."""
EMPTY: Mapping[str, Scalar] = {}


def new_recommender(settings: Settings) -> Recommender:
    """An empty recommender with the deployment's settings."""
    return Recommender(
        RecommenderConfig(
            repeats=settings.repeats,
            again_after_days=settings.again_after_days,
            capacity=settings.item_capacity,
            teach_again_after_days=settings.teach_again_after_days,
        )
    )


class Asked(NamedTuple):
    """Whose list is to be made."""

    state: UserState
    cause: Cause
    context: Mapping[str, Scalar] = EMPTY
    """What the user's event says of its surroundings."""


class ListMaker:
    """Makes lists with the statistics and vectors as they stand."""

    def __init__(self, settings: Settings, recommender: Recommender) -> None:
        self.recommender = recommender
        self.model_version = 0
        """Version of the newest publication of the learner that was taken in."""
        self.rules: Sequence[Rule] = ()
        """What lists must, may not and should hold; of several the earlier one has its way."""
        self.length = settings.list_length
        """Items of a list, unless a request asks for another number."""
        self._arms = Arms(settings.arm_shares)
        self._arrangements = {
            name: _arrangement(settings, settings.arms.get(name)) for name in self._arms.names
        }

    def ranked(  # noqa: PLR0913  # what a list depends on, by name
        self,
        state: UserState,
        wall_ms: int,
        *,
        k: int | None = None,
        exclude: Collection[str] = (),
        reserve: int = 0,
        skip: int = 0,
        wanted: ItemFilter | None = None,
        context: Mapping[str, Scalar] = EMPTY,
        hurried: bool = False,
        explores: bool = True,
    ) -> list[ListItem]:
        """The places of a list for the user, best first, and of its reserve.

        Args:
            state: The user.
            wall_ms: Decides what is available, and which rules hold.
            k: Places; the deployment's number unless given.
            exclude: What may not be in the list.
            reserve: So many items more.
            skip: Places left out at the top: what skips k gives the next page, as long as nothing has happened between.
            wanted: What the items must be.
            context: What the user's event says of its surroundings.
            hurried: Whether to rank fewer candidates.
            explores: Whether places may go to new items: of a list without an id nothing could be learned.
        """
        arrangement = self._arrangements[self._arms.arm_of(state.user_id)]
        if not explores:
            arrangement = msgspec.structs.replace(arrangement, explore=0)
        k = skip + (self.length if k is None else k)
        situation = Situation(wall_ms, dict(context))
        rules = [rule for rule in self.rules if rule.when.holds(situation)]

        def ranked(more: int) -> list[RankedItem]:
            return self.recommender.recommend(
                state,
                now_ms=self._clock(state, wall_ms),
                wall_ms=wall_ms,
                k=k,
                exclude=exclude,
                arrangement=arrangement,
                reserve=reserve + more,
                wanted=wanted,
                hurried=hurried,
            )

        if not rules:
            found = ranked(0)
        else:
            items = self._items(state, exclude, self.recommender.allowed(wall_ms, wanted))
            found = _ruled(ranked, rules, k, k + reserve, items)
        return [_place(rank, item) for rank, item in enumerate(found[skip:], skip + 1)]

    def _clock(self, state: UserState, wall_ms: int) -> int:
        """The events' clock: who has been away for a week comes back a week later."""
        latest_s = self.recommender.statistics.clock.last_s
        latest_ms = -1 if math.isnan(latest_s) else round(latest_s * 1000)
        found = max(state.open_ms, latest_ms)
        return found if found >= 0 else wall_ms

    def _items(self, state: UserState, exclude: Collection[str], allowed: NDArray[np.bool_]) -> Items:
        """The catalogue as rules see it."""
        catalogue = self.recommender.catalogue
        outside = self.recommender.outside(state, exclude)
        return Items(
            catalogue.document,
            lambda item_id: (
                catalogue.document(item_id) is not None
                and item_id not in outside
                and bool(allowed[catalogue.row(item_id)])
            ),
            self.recommender.is_cold,
        )

    def blocked(self, wall_ms: int) -> Callable[[str], bool]:
        """Whether a rule keeps an item out of everything at that time, wherever the user is."""
        situation = Situation(wall_ms)
        rules = [rule for rule in self.rules if rule.do == "block" and rule.when.holds(situation)]
        document = self.recommender.catalogue.document
        return lambda item_id: any(rule.match.fits(document(item_id) or Item(item_id)) for rule in rules)

    @property
    def gives_places(self) -> bool:
        """Whether rules say what is in certain places, so that a list is not as they want it once an item has gone."""
        return any(rule.do in ("pin", "new") for rule in self.rules)

    def published(
        self,
        state: UserState,
        cause: Cause,
        wall_ms: int,
        context: Mapping[str, Scalar] = EMPTY,
        hurried: bool = False,
    ) -> Published:
        """The user's list now, and its reserve."""
        items = self.ranked(state, wall_ms, reserve=RESERVE, context=context, hurried=hurried)
        return self._published(state, cause, wall_ms, items, context)

    def published_all(self, asked: Sequence[Asked], wall_ms: int, hurried: bool = False) -> list[Published]:
        """The lists of some users now, as `published`: together they take half the time."""
        if self.rules:
            return [self.published(a.state, a.cause, wall_ms, a.context, hurried) for a in asked]
        found: dict[int, Published] = {}
        for arm, arrangement in self._arrangements.items():
            of_arm = [n for n, a in enumerate(asked) if self._arms.arm_of(a.state.user_id) == arm]
            lists = self.recommender.recommend_all(
                [(asked[n].state, self._clock(asked[n].state, wall_ms)) for n in of_arm],
                wall_ms=wall_ms,
                k=self.length,
                arrangement=arrangement,
                reserve=RESERVE,
                hurried=hurried,
            )
            for n, listed in zip(of_arm, lists, strict=True):
                items = [_place(rank, item) for rank, item in enumerate(listed, 1)]
                found[n] = self._published(asked[n].state, asked[n].cause, wall_ms, items, asked[n].context)
        return [found[n] for n in range(len(asked))]

    def published_each(
        self, asked: Sequence[Asked], wall_ms: int, hurried: bool = False
    ) -> Sequence[Published | None]:
        """As `published_all`; one user's list that cannot be made stops no other's: it is logged, counted and None."""
        try:
            return self.published_all(asked, wall_ms, hurried)
        except Exception:
            if len(asked) > 1:
                return [made for one in asked for made in self.published_each([one], wall_ms, hurried)]
            cause = asked[0].cause
            logger.exception("no list for the event at %s-%d-%d", cause.topic, cause.partition, cause.offset)
            metrics.LIST_FAILURES.inc()
            return [None]

    def published_again(
        self, olds: Sequence[Published], users: UserStore, published: PublishedLists, wall_ms: int
    ) -> list[Published | None]:
        """The lists now of whom some lists are for, with the old ones' causes, as `published_each`.

        None also where the user is another worker's, and where a crash has left the list ahead of the state: its
        events are about to come again.
        """
        asked: dict[int, Asked] = {}
        for number, old in enumerate(olds):
            user_id = old.recommendation.user_id
            partition = published.partition(user_id)
            if users.owns(partition):
                state = users.get(user_id, partition)
                if through_of(state) == old.recommendation.through:
                    asked[number] = Asked(state, old.recommendation.cause, old.context)
        made = dict(zip(asked, self.published_each(list(asked.values()), wall_ms), strict=True))
        return [made.get(number) for number in range(len(olds))]

    def _published(
        self,
        state: UserState,
        cause: Cause,
        wall_ms: int,
        items: list[ListItem],
        context: Mapping[str, Scalar],
    ) -> Published:
        recommendation = Recommendation(
            user_id=state.user_id,
            list_id=self._list_id(state),
            generated_ms=wall_ms,
            model_version=self.model_version,
            cause=cause,
            through=through_of(state),
            arm=self._arms.arm_of(state.user_id),
            items=items[: self.length],
        )
        taste = self.taste(state, recommendation.items)
        return Published(recommendation, items[self.length :], taste, self._asked_for(context))

    def _asked_for(self, context: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
        """Of an event's surroundings, what rules will ask for when the list is made again."""
        if not context or not self.rules:
            return EMPTY
        names = {name for rule in self.rules for name in rule.when.asks()}
        return {
            name: value
            for name, value in context.items()
            if name in names and len(str(value)) <= LONGEST_KEPT
        }

    def taste(self, state: UserState, listed: Sequence[ListItem]) -> Taste:
        """What the user's list asks of an item that nothing is known of but its vector.

        It has to be as near to the user's history as the farthest item that is listed for its content, or, where none
        is, as the nearest item; where there is room, as near as anything.
        """
        profile = self.recommender.profile(state)
        if not profile.any():
            return Taste(profile, 0.0)  # no vector is near it
        ranked = [item for item in listed if item.source != EXPLORE]
        if len(listed) < self.length or (ranked and ranked[-1].score == 0):
            return Taste(profile, 0.0)
        by_content = self._likeness(profile, [item for item in ranked if item.source == "content"])
        return Taste(
            profile, min(by_content) if by_content else max(self._likeness(profile, ranked), default=0.0)
        )

    def _likeness(self, profile: Floats, items: Sequence[ListItem]) -> list[float]:
        found: list[float] = self.recommender.likeness(profile, [item.item_id for item in items]).tolist()
        return found

    def without_gone(self, old: Published, cause: Cause, wall_ms: int) -> Published:
        """The list without what may not be listed any more, filled from its reserve as far as that goes.

        Its items are ranked as they were, so it knows the user and the model as the old one did.
        """
        may_list = self.recommender.catalogue.may_list
        listed = [item for item in old.recommendation.items if may_list(item.item_id, wall_ms)]
        reserve = [item for item in old.reserve if may_list(item.item_id, wall_ms)]
        missing = len(old.recommendation.items) - len(listed)
        filled = listed + reserve[:missing]
        ranked = [msgspec.structs.replace(item, rank=rank) for rank, item in enumerate(filled, 1)]
        changed = msgspec.structs.replace(
            old.recommendation,
            list_id=changed_id(old.recommendation.list_id, ranked),
            cause=cause,
            items=ranked,
        )
        return Published(changed, reserve[missing:], context=old.context)

    def changed(self, found: Published, old: Published, cause: Cause) -> Published:
        """The list with a cause and an id of its own: one made with the same state, before, has the other."""
        list_id = changed_id(old.recommendation.list_id, found.recommendation.items)
        changed = msgspec.structs.replace(found.recommendation, list_id=list_id, cause=cause)
        return Published(changed, found.reserve, found.taste, found.context)

    def _list_id(self, state: UserState) -> str:
        """Follows from user, state and model version: the same list, made again after a crash, has it too."""
        known = f"{state.user_id}\0{state.applied_count}\0{state.applied_xor}\0{self.model_version}"
        return _digest(known)


def changed_id(list_id: str, items: list[ListItem]) -> str:
    """The id of a list that was changed for items that came or went: follows from the old one's and what is in it."""
    return _digest("\0".join([list_id, *(item.item_id for item in items)]))


def _digest(known: str) -> str:
    return hashlib.blake2b(known.encode(), digest_size=12).hexdigest()


def _ruled(
    ranked: Callable[[int], list[RankedItem]], rules: Sequence[Rule], k: int, count: int, items: Items
) -> list[RankedItem]:
    """Ranks more than is asked, and ever more as long as rules leave too little of it."""
    more = RULED_MORE
    while True:
        found = ranked(more)
        left = apply(found, rules, k, items)[:count]
        if len(left) == count or len(found) < count + more:
            return left
        more *= 4


def _arrangement(settings: Settings, arm: Arm | None) -> Arrangement:
    """The deployment's, and what the arm does otherwise."""
    arm = arm or Arm()
    return Arrangement(
        diversity=settings.diversity if arm.diversity is None else arm.diversity,
        diversifier=arm.diversifier or settings.diversifier,
        places=settings.list_length,
        explore=settings.explore if arm.explore is None else arm.explore,
        is_learned=arm.ranking == "learned",
    )


def _place(rank: int, item: RankedItem) -> ListItem:
    reasons = [Reason(r.kind, r.item_id, r.modality, rounded(r.weight, 1e4), r.rule) for r in item.reasons]
    propensity = None if item.propensity is None else rounded(item.propensity, 1e4)
    return ListItem(item.item_id, rank, rounded(item.score, 1e6), propensity, item.source, reasons)


def rounded(value: float, scale: float) -> float:
    """To the nearest 1 / scale. `round`, which is exact to the last bit, takes three times as long."""
    return math.floor(value * scale + 0.5) / scale
