"""Freshet as a method: the evaluator drives the serving code as the workers do."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from online.evaluation.evaluate import Task
from online.evaluation.replay import Delays, Replay
from online.evaluation.serving import Serving
from online.evaluation.stream import ItemText, Stream
from online.evaluation.timeline import timeline
from online.events import ExampleSet
from online.learning.ranking import RankingLearner
from online.ranking.candidates import Candidates
from online.recommender import Recommender
from online.state import UserState
from tests.online.evaluation.streams import cycle, random_baskets, run


class Spy(Recommender):
    """Notes what it is given and recommends nothing else than the real one."""

    def __init__(self) -> None:
        super().__init__()
        self.folded: list[ExampleSet] = []
        self.sets_seen: list[int] = []

    def fold(self, example_set: ExampleSet) -> None:
        self.folded.append(example_set)
        super().fold(example_set)

    def candidates(self, state: UserState, *, now_ms: int, wall_ms: int, hurried: bool = False) -> Candidates:
        self.sets_seen.append(state.set_count + bool(state.open))
        return super().candidates(state, now_ms=now_ms, wall_ms=wall_ms, hurried=hurried)


def drive(stream: Stream, delays: Delays) -> tuple[Spy, NDArray[np.int32]]:
    spy, line = Spy(), timeline(stream, "set", "allow", 0.0, seed=0)
    serving = Serving(spy, RankingLearner(), None, stream, line, is_delayed=delays != Delays())
    outcome = Replay(line, len(stream.item_ids), "allow", delays, lambda: 0.0).run(
        serving, lambda _done: None
    )
    return spy, outcome.ranks


def test_every_event_is_folded_once_in_its_set() -> None:
    stream = random_baskets(2)
    spy, _ = drive(stream, Delays())
    assert sum(len(example_set.examples) for example_set in spy.folded) == stream.event_count
    for example_set in spy.folded:
        assert {(e.user_id, e.timestamp_ms) for e in example_set.examples} == {
            (example_set.user_id, example_set.timestamp_ms)
        }
        assert all(past.timestamp_s * 1000 < example_set.timestamp_ms for past in example_set.history)


def test_the_list_that_stood_is_in_the_example() -> None:
    spy, _ = drive(random_baskets(2), Delays())
    assert spy.folded[0].standing == []
    assert len(spy.folded[-1].standing) == 10


def test_a_late_history_is_late_in_lists_and_not_in_examples() -> None:
    stream = random_baskets(2)
    fresh, _ = drive(stream, Delays())
    late, _ = drive(stream, Delays(history_events=100))
    assert sum(late.sets_seen) < sum(fresh.sets_seen)
    assert [e.history for e in late.folded] == [e.history for e in fresh.folded]


def test_freshet_knows_the_next_step_of_a_circle() -> None:
    overall = run(cycle(), Task(), ["freshet", "popularity"])
    assert overall["freshet"]["overall"]["hr@10"] > 0.9
    assert overall["freshet"]["overall"]["mrr"] > overall["popularity"]["overall"]["mrr"]


def test_an_item_comes_when_the_stream_says() -> None:
    plain = random_baskets(2)
    middle_ms = int(np.median(plain.timestamps_ms))
    stream = replace(plain, catalogue={"early": ItemText(), "late": ItemText(arrives_ms=middle_ms)})
    spy, line = Spy(), timeline(stream, "set", "allow", 0.0, seed=0)
    first = np.eye(1, spy.config.dim, 0, np.float32)[0]
    vectors: dict[str, NDArray[np.float32] | None] = {"early": first, "late": None}
    asked: list[str] = []

    def vector(item_id: str) -> NDArray[np.float32] | None:
        asked.append(item_id)
        return vectors[item_id]

    serving = Serving(spy, None, None, stream, line, is_delayed=False, vector=vector)
    known: dict[bool, set[tuple[str, ...]]] = {False: set(), True: set()}

    def noted(_done: int) -> None:
        known[spy.folded[-1].timestamp_ms >= middle_ms if spy.folded else False].add(tuple(asked))

    Replay(line, len(stream.item_ids), "allow", Delays(), lambda: 0.0).run(serving, noted)
    assert known == {False: {("early",)}, True: {("early", "late")}}
    assert spy.catalogue.row("early") >= 0
    assert spy.catalogue.row("late") >= 0
