"""What came last is learned, too, where nothing comes after it."""

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from unittest.mock import patch

import pytest

from online.events import ExampleRun
from online.sets import OPEN_FOR_MS
from streams.quiet_log import QuietLog
from tests.flow.memory import MemoryProducer
from tests.flow.river import MemoryRiver, Recommend, alive, run
from tests.flow.test_lists_from_events import event, ids, recommend_all, send


@pytest.fixture
def river(tmp_path: Path) -> MemoryRiver:
    return MemoryRiver(tmp_path)


async def let_time_pass(river: MemoryRiver) -> None:
    """What a recommend worker does that finds the log standing."""
    async with river.recommend() as process:
        river.kafka.now_ms += OPEN_FOR_MS + 1
        await quiet_log(river, process).let_time_pass()


def quiet_log(river: MemoryRiver, process: Recommend) -> QuietLog:
    return QuietLog(river.settings, process.fold, cast(Any, MemoryProducer(river.kafka)), alive())


def test_what_came_last_is_learned_where_nothing_follows(river: MemoryRiver) -> None:
    together = [event("ann", item, 0, event_id=f"e-{item}") for item in "abc"]
    send(river, *together)
    run(river, lambda: recommend_all(river))
    before = river.learned()
    run(river, lambda: let_time_pass(river))
    assert river.runs()[-1].examples == []
    assert river.learned() == before
    send(river, event("bob", "a", 1))
    run(river, lambda: recommend_all(river))
    assert {"b", "c"} <= set(ids(river, "bob"))


def test_without_it_nobody_is_recommended_what_came_last(river: MemoryRiver) -> None:
    send(river, *(event("ann", item, 0, event_id=f"e-{item}") for item in "abc"))
    run(river, lambda: recommend_all(river))
    send(river, event("bob", "a", 1))
    run(river, lambda: recommend_all(river))
    assert ids(river, "bob") == []


def test_nothing_is_written_where_no_set_is_open(river: MemoryRiver) -> None:
    run(river, lambda: let_time_pass(river))
    assert river.runs() == []
    send(river, event("ann", "a", 0))
    run(river, lambda: recommend_all(river))
    for _ in range(3):
        run(river, lambda: let_time_pass(river))
    quiet = [one for one in river.runs() if isinstance(one, ExampleRun) and not one.examples]
    assert len(quiet) == 1


def test_only_a_log_that_stands_has_time_pass(river: MemoryRiver) -> None:
    fold, clocks, slept_s = SimpleNamespace(clock_ms=1), iter([2, 2, 2, 3, 4, 4]), list[float]()
    written_at: list[int] = []

    async def sleep(seconds: float) -> None:
        slept_s.append(seconds)
        fold.clock_ms = next(clocks, None)
        if fold.clock_ms is None:
            raise asyncio.CancelledError

    async def let_time_pass() -> None:
        written_at.append(fold.clock_ms)

    async def story() -> None:
        log = QuietLog(river.settings, cast(Any, fold), cast(Any, MemoryProducer(river.kafka)), alive())
        log.let_time_pass = let_time_pass  # type: ignore[method-assign]
        with patch("streams.quiet_log.asyncio", SimpleNamespace(sleep=sleep)):
            await log.watch()

    with pytest.raises(asyncio.CancelledError):
        run(river, story)
    assert written_at == [2, 2, 4]
    # What came just after a look is learned two looks later: within four seconds.
    assert all(OPEN_FOR_MS < 1_000 * seconds <= 2_000 for seconds in slept_s)
    assert len(set(slept_s)) > 1
