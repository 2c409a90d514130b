from online.evaluation.evaluate import Task, evaluate
from online.evaluation.stream import stream_of
from online.evaluation.variants import ItemContent
from streams.generated.behaviour import interactions
from streams.generated.oracle import Oracle
from tests.streams.generated.worlds import small_world


def test_nothing_learned_comes_near_what_the_truth_says() -> None:
    world = small_world(items=80, events=2_000, noise=0.0)
    events = list(interactions(world))
    stream = stream_of(
        [e.user_id for e in events], [e.item_id for e in events], [e.timestamp_ms or 0 for e in events]
    )
    figures = evaluate(
        stream,
        Task(),
        ["oracle", "symmetric_graph", "popularity"],
        ItemContent(),
        lambda: 0.0,
        lambda _name, _done: None,
        {"oracle": lambda: Oracle(world, stream)},
    )
    hits = {name: report["overall"]["hr@10"] for name, report in figures.items()}
    assert hits["oracle"] > 0.75
    assert hits["oracle"] > hits["symmetric_graph"] + 0.2 > hits["popularity"]
