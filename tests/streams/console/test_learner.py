"""What the learner says over time."""

import time
from typing import Any

import pytest

from online.fold import Learned
from streams.console.learner import Learner
from streams.console.rates import Rate
from streams.follower import Record
from streams.publications import PROGRESS_KEY, Progress, encode_progress


def published(epoch: int, learned: int, hits: float | None, **fields: Any) -> Record:  # noqa: ANN401  # of Progress
    rows = [Learned("t", partition, (0, 0), learned) for partition in range(2)]
    progress = Progress(epoch, 1, 0, "", rows, hits, hits, 10, 1_700_000_000_000 + learned, **fields)
    return Record(0, 0, PROGRESS_KEY, encode_progress(progress), 0, {})


def test_quality_is_kept_over_time_and_what_was_learned_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    now_s = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now_s[0])
    rate = Rate()
    learner = Learner(rate)
    assert learner.quality().points == []
    learner.take(published(1, 50, None))
    learner.take(published(1, 60, 0.1))
    learner.take(published(1, 75, 0.2, drift_alarm_count=1))
    now_s[0] += 1
    assert rate.per_s(now_s[0]) == 5.0
    assert [(p.standing_hit_ratio, p.drift_alarm_count) for p in learner.quality().points] == [
        (0.1, 0),
        (0.2, 1),
    ]


def test_a_former_learner_and_other_records_are_ignored() -> None:
    learner = Learner(Rate())
    learner.take(published(2, 10, 0.3))
    learner.take(published(1, 99, 0.9))
    learner.take(Record(0, 1, b"item/1", b"no progress", 0, {}))
    learner.take(Record(0, 2, PROGRESS_KEY, None, 0, {}))
    model = learner.model()
    assert model is not None
    assert (model.epoch, len(learner.quality().points)) == (2, 1)
