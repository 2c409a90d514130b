"""Small streams driven through UserState and Recommender as the workers do."""

from collections.abc import Collection

from online.events import Cursor, Event, Example, ExampleSet
from online.item_filter import ItemFilter
from online.ranking.arrangement import PLAIN, Arrangement
from online.recommender import Recommender
from online.state import UserState

DAY_MS = 86_400_000
START_MS = 1_700_000_000_000


class River:
    """Applies sets of events and folds them."""

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender
        self.states: dict[str, UserState] = {}
        self._offset = 0

    def state(self, user_id: str) -> UserState:
        return self.states.setdefault(user_id, UserState(user_id))

    def has(
        self,
        user_id: str,
        *item_ids: str,
        at_ms: int = START_MS,
        action: str = "purchase",
        value: float = 1.0,
    ) -> list[Example]:
        """One set of a user: state first, then the fold."""
        state, examples = self.state(user_id), []
        for item_id in item_ids:
            self._offset += 1
            cursor = Cursor("t", 0, self._offset, 0)
            example = state.apply(Event(user_id, item_id, action, value, at_ms, self._offset, cursor))
            assert example is not None
            examples.append(example)
        history = examples[0].history or []
        self.recommender.fold(ExampleSet(user_id, at_ms, history, examples[0].standing or [], examples))
        return examples

    def ids(
        self,
        user_id: str,
        *,
        wall_ms: int = START_MS,
        k: int = 10,
        exclude: Collection[str] = (),
        arrangement: Arrangement = PLAIN,
        wanted: ItemFilter | None = None,
    ) -> list[str]:
        listed = self.recommender.recommend(
            self.state(user_id),
            now_ms=START_MS + DAY_MS,
            wall_ms=wall_ms,
            k=k,
            exclude=exclude,
            arrangement=arrangement,
            wanted=wanted,
        )
        return [item.item_id for item in listed]


def pairs(river: River, count: int = 30) -> None:
    """Users who have `a` and then `b`, or `x` and then `y`."""
    for number in range(count):
        for first, second in (("a", "b"), ("x", "y")):
            user_id = f"{first}{number}"
            river.has(user_id, first, at_ms=START_MS + 2_000 * number)
            river.has(user_id, second, at_ms=START_MS + 2_000 * number + 1_000)
