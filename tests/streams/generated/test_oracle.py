from collections.abc import Callable

from online.evaluation.evaluate import Task, evaluate
from online.evaluation.methods import Method
from online.evaluation.stream import Stream, stream_of
from online.evaluation.variants import ItemContent
from streams.generated.behaviour import interactions
from streams.generated.oracle import Oracle, OracleOfItems
from streams.generated.world import World
from tests.streams.generated.worlds import small_world


def hit_ratios(world: World, *names: str) -> dict[str, float]:
    """HR@10 by method, over the world's own interactions."""
    events = list(interactions(world))
    stream: Stream = stream_of(
        [e.user_id for e in events], [e.item_id for e in events], [e.timestamp_ms or 0 for e in events]
    )
    oracles: dict[str, Callable[[], Method]] = {
        "oracle": lambda: Oracle(world, stream),
        "oracle_of_items": lambda: OracleOfItems(world, stream),
    }
    figures = evaluate(
        stream, Task(), list(names), ItemContent(), lambda: 0.0, lambda _name, _done: None, oracles
    )
    return {name: report["overall"]["hr@10"] for name, report in figures.items()}


def test_nothing_learned_comes_near_what_the_truth_says() -> None:
    world = small_world(items=80, events=2_000, noise=0.0)
    hits = hit_ratios(world, "oracle", "symmetric_graph", "popularity")
    assert hits["oracle"] > 0.75
    assert hits["oracle"] > hits["symmetric_graph"] + 0.2 > hits["popularity"]


def test_who_knows_items_soon_knows_users_but_not_at_once() -> None:
    seldom = hit_ratios(small_world(users=400, events=1_200), "oracle", "oracle_of_items", "popularity")
    often = hit_ratios(small_world(users=20, events=1_200), "oracle", "oracle_of_items")
    assert seldom["popularity"] + 0.1 < seldom["oracle_of_items"] < seldom["oracle"] - 0.05
    assert often["oracle"] - 0.05 < often["oracle_of_items"]
