import asyncio

import pytest

from streams.fetching.limits import Budget, Turns


def test_a_budget_counts_what_runs_and_what_is_taken() -> None:
    now_s = 100.0

    async def run() -> Budget:
        nonlocal now_s
        budget = Budget(10.0, lambda: now_s)
        async with budget.running():
            now_s += 3.0
        now_s += 50.0
        budget.take(2.0)
        return budget

    assert asyncio.run(run()).left_s == 5.0


def test_a_budget_ends_what_takes_longer() -> None:
    async def run() -> None:
        async with Budget(0.02, asyncio.get_running_loop().time).running():
            await asyncio.sleep(5)

    with pytest.raises(TimeoutError):
        asyncio.run(run())


def test_a_spent_budget_lets_nothing_run() -> None:
    async def run() -> None:
        budget = Budget(1.0, lambda: 0.0)
        budget.take(3.0)
        async with budget.running():
            await asyncio.sleep(0)
            await asyncio.sleep(5)

    with pytest.raises(TimeoutError):
        asyncio.run(run())


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


def test_turns_are_bounded_overall_and_a_slow_host_leaves_room() -> None:
    async def run() -> dict[str, int]:
        turns, holding, release = Turns(8), dict.fromkeys("abcdef", 0), asyncio.Event()

        async def hold(host: str) -> None:
            async with turns.turn(host):
                holding[host] += 1
                await release.wait()

        tasks = [asyncio.create_task(hold(host)) for host in "aaaaaaaa" + "bbbbcccddeeff"]
        await settle()
        seen = dict(holding)
        release.set()
        await asyncio.gather(*tasks)
        assert sum(holding.values()) == len(tasks)
        assert not turns._hosts
        return seen

    assert asyncio.run(run()) == {"a": 2, "b": 2, "c": 2, "d": 2, "e": 0, "f": 0}


def test_who_is_cancelled_while_waiting_leaves_the_turns_as_they_were() -> None:
    async def run() -> None:
        turns = Turns(1)
        async with turns.turn("a"):
            waiting = [asyncio.create_task(turns.turn(host).__aenter__()) for host in "ab"]
            await settle()
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
        assert not turns._hosts
        async with asyncio.timeout(1), turns.turn("b"):
            pass

    asyncio.run(run())
