"""What a list costs a recommend worker, alone and among others: on one core, without Kafka."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

import numpy as np
from msgspec import Struct

from online.events import Cursor, Event, ExampleSet
from online.fusion.learner import FusionConfig, FusionLearner
from online.learning.ranking import RankingLearner
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.state import UserState
from streams.bench.workload import Workload
from streams.events import Cause
from streams.lists import Asked, ListMaker
from streams.settings import Settings

START_MS = 1_700_000_000_000
WARM_LISTS = 64


class ListCost(Struct):
    """Lists of one kind."""

    at_once: int
    """Lists made together."""
    hurried: bool
    """Whether they were made from fewer candidates."""
    content: bool
    """Whether items have vectors, and a learned taste says what is liked."""
    us_per_list: float
    """The median, of processor time."""


class Costs(Struct):
    """What was measured."""

    lists: list[ListCost]
    us_per_fold: float
    """The mean for a set of one event, of processor time."""


def list_costs(
    users: int,
    items: int,
    events: int,
    at_once: Sequence[int],
    rounds: int,
    seed: int,
    done: Callable[[int], None],
) -> Costs:
    """Folds a made-up stream, then times lists of ever other users, the kinds in turns.

    First items are made of nothing, then they have vectors. Nothing has learned: of that the time does not depend, and
    the same weights serve every kind.

    Args:
        users: See Workload.
        items: See Workload.
        events: Folded before.
        at_once: How many lists are made together.
        rounds: Of each kind.
        seed: See Workload.
        done: Told how many events were folded.
    """
    recommender = Recommender(RecommenderConfig(capacity=max(1024, 2 * items)))
    states, us_per_fold = _folded(recommender, Workload(users, items, seed, "lists"), events, done)
    recommender.network = RankingLearner().averaged()
    maker, now_ms = ListMaker(Settings(), recommender), START_MS + events
    cause = Cause("interaction", "", "interactions", 0, 0, now_ms)
    asked = _in_turn([Asked(state, cause) for state in states], seed)
    taken: dict[tuple[int, bool, bool], list[float]] = defaultdict(list)
    for content in (False, True):
        if content:
            _give_content(recommender, items, seed)
        maker.published_all([next(asked) for _ in range(WARM_LISTS)], now_ms)
        for _ in range(rounds):
            for size in at_once:
                for hurried in (False, True):
                    these = [next(asked) for _ in range(size)]
                    began_s = time.process_time()
                    maker.published_all(these, now_ms, hurried)
                    taken[size, hurried, content].append((time.process_time() - began_s) / size)
    costs = [
        ListCost(*kind, us_per_list=round(float(np.median(seconds)) * 1e6, 1))
        for kind, seconds in taken.items()
    ]
    return Costs(costs, us_per_fold)


def _give_content(recommender: Recommender, items: int, seed: int) -> None:
    vectors = np.random.default_rng(seed).standard_normal((items, recommender.config.dim)).astype(np.float32)
    recommender.put_vectors({f"item-{number}": vector for number, vector in enumerate(vectors)})
    fusion = FusionLearner(FusionConfig(capacity=1024))
    fusion.advance()
    recommender.taste = fusion.taste()


def _folded(
    recommender: Recommender, workload: Workload, events: int, done: Callable[[int], None]
) -> tuple[list[UserState], float]:
    states: dict[str, UserState] = {}
    spent_s = 0.0
    for number, interaction in enumerate(workload.interactions(events)):
        state = states.setdefault(interaction.user_id, UserState(interaction.user_id))
        at_ms, cursor = START_MS + number, Cursor("bench", 0, number, 0)
        event = Event(
            interaction.user_id, interaction.item_id, interaction.action, 1.0, at_ms, number + 1, cursor
        )
        example = state.apply(event)
        if example is not None:
            began_s = time.process_time()
            recommender.fold(ExampleSet(state.user_id, at_ms, example.history or [], [], [example]))
            spent_s += time.process_time() - began_s if number else 0.0  # the first fold compiles
        done(number + 1)
    return list(states.values()), round(spent_s / events * 1e6, 1)


def _in_turn(asked: Sequence[Asked], seed: int) -> Iterator[Asked]:
    order = np.random.default_rng(seed).permutation(len(asked)).tolist()
    while True:
        yield from (asked[place] for place in order)
