import msgspec
import numpy as np
import pytest

from online.evaluation.replay import Delays, Replay
from online.evaluation.serving import Serving
from online.evaluation.stream import Stream, stream_of
from online.evaluation.timeline import timeline
from online.events import ExampleSet
from online.fold import ExampleFold
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.state import UserState
from online.warm_start import History, learn_history

LATER_MS = 10**12
EVENTS = 240


@pytest.fixture
def stream() -> Stream:
    """Seven users who take one to three of 20 items at a time, out of order."""
    order = np.random.default_rng(0).permutation(EVENTS)
    visits = order // 3
    return stream_of(
        [f"u{n}" for n in visits % 7],
        [f"i{n}" for n in (order * 11 + visits) % 20],
        [int(n) * 60_000 for n in visits],
    )


def new_fold() -> ExampleFold:
    return ExampleFold(Recommender(RecommenderConfig(capacity=64)))


def learned(
    stream: Stream, fold: ExampleFold, now_ms: int = LATER_MS
) -> tuple[list[UserState], list[ExampleSet]]:
    history = History(stream, timeline(stream, "set", "allow", 0.0, 0), "history-1")
    sets: list[ExampleSet] = []

    def before(example_set: ExampleSet, _recommender: Recommender) -> None:
        sets.append(example_set)

    done: list[int] = []
    states = learn_history(history, fold, before, lambda user_id: int(user_id[1:]), now_ms, done.append)
    assert done == sorted(done)
    assert done[-1] == EVENTS
    return states, sets


def test_every_event_is_applied_and_folded_once_in_sets_of_one_time(stream: Stream) -> None:
    fold = new_fold()
    states, sets = learned(stream, fold)
    assert sum(len(s.examples) for s in sets) == sum(s.applied_count for s in states) == EVENTS
    assert [s.timestamp_ms for s in sets] == sorted({int(t) for t in stream.timestamps_ms})
    applied = {(s.cursor.topic_id, s.cursor.partition): s.applied_xor for s in states if s.cursor}
    assert applied == {key: row.xor for key, row in fold.learned.items()}
    assert {topic for topic, _ in applied} == {"history-1"}


def test_it_knows_what_the_evaluator_knows_after_the_same_events(stream: Stream) -> None:
    fold = new_fold()
    states, _ = learned(stream, fold)
    evaluated = Recommender(RecommenderConfig(capacity=64))
    replayed = timeline(stream, "set", "allow", 0.0, 0)
    serving = Serving(evaluated, None, None, stream, replayed, is_delayed=False)
    Replay(replayed, len(stream.item_ids), "allow", Delays(), lambda: 0.0).run(serving, lambda _done: None)
    for state in states:
        lists = [
            [(item.item_id, item.score) for item in r.recommend(state, now_ms=LATER_MS, wall_ms=LATER_MS)]
            for r in (fold.recommender, evaluated)
        ]
        assert lists[0] == lists[1]


def test_each_set_has_the_list_that_it_met_and_the_user_before_it(stream: Stream) -> None:
    _, sets = learned(stream, new_fold())
    assert all(
        (example.list_log is not None) == (example is s.examples[0]) for s in sets for example in s.examples
    )
    counts: dict[str, int] = {}
    for example_set in sets:
        assert len(example_set.history) == counts.get(example_set.user_id, 0)
        counts[example_set.user_id] = counts.get(example_set.user_id, 0) + len(example_set.examples)


def test_events_dated_ahead_do_not_set_the_logs_clock_ahead(stream: Stream) -> None:
    fold = new_fold()
    learned(stream, fold, now_ms=5_000)
    # A set that the stream opens just after closes on time.
    saved = fold.save()["sets"]
    assert isinstance(saved, bytes)
    assert msgspec.msgpack.decode(saved)["clock_ms"] <= 5_000 + 1_001
