"""A user who sends more than a user may is refused the rest of the minute; nobody else notices."""

from pathlib import Path

import pytest

from tests.flow.memory import Crash
from tests.flow.river import MemoryRiver, run
from tests.flow.test_lists_from_events import event, recommend_all, send

LIMIT = 3


@pytest.fixture
def river(tmp_path: Path) -> MemoryRiver:
    return MemoryRiver(tmp_path, events_per_minute=LIMIT)


def applied(river: MemoryRiver) -> dict[str, int]:
    return {user_id: state.applied_count for user_id, state in river.states().items()}


def test_what_is_beyond_the_limit_is_refused_until_the_next_minute(river: MemoryRiver) -> None:
    flood = [event("flood", f"i{n}", n) for n in range(6)]
    send(river, *flood, flood[0], event("calm", "i0", 100))
    run(river, lambda: recommend_all(river))
    assert applied(river) == {"flood": LIMIT, "calm": 1}
    # A retry of what was let in is no event more.
    assert {(code, index) for _, _, index, code in river.refused()} == {("too_many", 0)}
    assert len(river.refused()) == len(flood) - LIMIT
    lists = len(river.kafka.records("recommendations"))
    send(river, event("flood", "i9", 200))
    run(river, lambda: recommend_all(river))
    assert (applied(river)["flood"], len(river.kafka.records("recommendations"))) == (LIMIT, lists)
    river.kafka.now_ms += 60_000
    send(river, event("flood", "i9", 201))
    run(river, lambda: recommend_all(river))
    assert applied(river)["flood"] == LIMIT + 1


@pytest.mark.parametrize("crash_after", range(1, 8))
def test_a_crash_anywhere_lets_no_more_and_no_less_in(river: MemoryRiver, crash_after: int) -> None:
    send(river, *(event("flood", f"i{n}", n) for n in range(LIMIT + 2)))

    async def crashing() -> None:
        async with river.recommend(crash_after) as process:
            while runs := river.interactions.fetch(2):
                await process.worker.work(runs)
                river.interactions.ack(runs)

    with pytest.raises(Crash):
        run(river, crashing)
    run(river, lambda: recommend_all(river))
    assert applied(river) == {"flood": LIMIT}
    assert len(river.refused()) == 2
    assert {learned.count for learned in river.learned().values() if learned.count} == {LIMIT}
