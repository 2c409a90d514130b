import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import pytest
from faust.types import TP

from streams import ownership as module
from streams.ownership import Ownership, in_turn, keep_up


class Signal:
    """As much of a Faust signal as is used."""

    def __init__(self) -> None:
        self.send: Callable[..., Awaitable[None]]

    def connect(self, receiver: Callable[..., Awaitable[None]], **_: Any) -> None:  # noqa: ANN401
        self.send = receiver


class App:
    def __init__(self) -> None:
        self.on_partitions_assigned = Signal()
        self.on_partitions_revoked = Signal()


class Owned:
    """Loads when it is let to."""

    def __init__(self) -> None:
        self.ready = asyncio.Event()
        self.may_load = asyncio.Event()
        self.may_load.set()
        self.error: Exception | None = None
        self.steps: list[str] = []

    async def load(self, partitions: set[int]) -> None:
        self.steps.append(f"load {sorted(partitions)}")
        await self.may_load.wait()
        if self.error is not None:
            raise self.error
        self.steps.append(f"loaded {sorted(partitions)}")
        self.ready.set()

    async def finish(self) -> None:
        assert not self.ready.is_set()
        self.steps.append("finish")


class Scene:
    def __init__(self) -> None:
        self.app, self.owned = App(), Owned()
        self.errors: list[BaseException] = []
        self.ownership = Ownership(
            cast(Any, self.app), "t", self.owned, self.owned.finish, self.errors.append
        )

    async def assign(self, *partitions: int, topic: str = "t") -> None:
        await self.app.on_partitions_assigned.send(None, {TP(topic, p) for p in partitions})

    async def revoke(self) -> None:
        await self.app.on_partitions_revoked.send(None, set())


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_is_assigned_of_the_topic_is_loaded_beside_the_rebalance() -> None:
    async def story() -> None:
        scene = Scene()
        scene.owned.may_load.clear()
        await scene.assign(2, 0)
        await turns()
        assert not scene.owned.ready.is_set()
        assert not scene.ownership.loaded.is_set()
        scene.owned.may_load.set()
        await turns()
        assert scene.owned.steps == ["finish", "finish", "load [0, 2]", "loaded [0, 2]"]
        assert scene.owned.ready.is_set()
        assert (scene.ownership.loaded.is_set(), scene.ownership.partitions) == (True, {0, 2})
        await scene.assign(1, topic="other")
        await turns()
        assert scene.owned.steps[-1] == "loaded []"
        assert scene.ownership.partitions == set()

    asyncio.run(story())


def test_from_a_revocation_on_no_batch_starts() -> None:
    async def story() -> None:
        scene = Scene()
        await scene.assign(0)
        await turns()
        await scene.revoke()
        assert not scene.owned.ready.is_set()
        assert scene.owned.steps[-1] == "finish"

    asyncio.run(story())


def test_the_newest_assignment_wins() -> None:
    async def story() -> None:
        scene = Scene()
        scene.owned.may_load.clear()
        await scene.assign(0)
        await turns()
        await scene.assign(1)
        scene.owned.may_load.set()
        await turns()
        assert [step for step in scene.owned.steps if step != "finish"] == [
            "load [0]",
            "load [1]",
            "loaded [1]",
        ]
        assert scene.errors == []

    asyncio.run(story())


def test_an_error_of_loading_ends_the_worker() -> None:
    async def story() -> None:
        scene = Scene()
        scene.owned.error = OSError("no such log")
        await scene.assign(0)
        await turns()
        assert scene.errors == [scene.owned.error]
        assert not scene.owned.ready.is_set()
        assert not scene.ownership.loaded.is_set()

    asyncio.run(story())


def test_a_batch_that_does_not_end_holds_up_no_rebalance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FINISH_S", 0.01)

    async def story() -> None:
        scene = Scene()
        never = asyncio.Event()
        worker = Ownership(cast(Any, App()), "t", scene.owned, cast(Any, never.wait), scene.errors.append)
        await asyncio.wait_for(worker.let_go(), 10)
        assert not scene.owned.ready.is_set()

    asyncio.run(story())


def test_nothing_is_loaded_while_a_batch_outlasts_the_rebalance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FINISH_S", 0.01)

    async def story() -> None:
        app, owned, written, errors = App(), Owned(), asyncio.Event(), list[BaseException]()
        Ownership(cast(Any, app), "t", owned, cast(Any, written.wait), errors.append)
        await app.on_partitions_assigned.send(None, {TP("t", 0)})
        await turns()
        assert owned.steps == []
        written.set()
        await turns()
        assert owned.steps == ["load [0]", "loaded [0]"]

    asyncio.run(story())


def test_what_waits_for_its_turn_waits_on_when_ownership_is_let_go_of_meanwhile() -> None:
    ready, working, worked = asyncio.Event(), asyncio.Lock(), asyncio.Event()

    async def work() -> None:
        async with in_turn(ready, working):
            assert working.locked()
            worked.set()

    async def turn_comes_too_late() -> None:
        ready.set()
        async with working:
            waiting = asyncio.create_task(work())
            await asyncio.sleep(0)
            ready.clear()
        await asyncio.sleep(0.01)
        assert not worked.is_set()
        assert not working.locked()
        ready.set()
        await waiting
        assert worked.is_set()

    asyncio.run(turn_comes_too_late())


def test_turns_are_taken_while_what_is_owned_is_ready_until_one_fails(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ready, steps, sleep = asyncio.Event(), list[object](), asyncio.sleep

    async def note(seconds: float) -> None:
        steps.append(seconds)
        await sleep(0)

    async def turn() -> None:
        steps.append("turn")
        if steps.count("turn") == 2:
            ready.clear()
        if steps.count("turn") == 3:
            raise RuntimeError

    async def story() -> None:
        keeping = asyncio.create_task(keep_up(ready, turn, 0.25))
        for _ in range(5):
            await sleep(0)
        assert steps == []
        ready.set()
        for _ in range(20):
            await sleep(0)
        assert steps == ["turn", 0.25, "turn", 0.25]
        ready.set()
        with pytest.raises(RuntimeError):
            await keeping
        assert steps[4:] == ["turn"]

    monkeypatch.setattr("streams.ownership.asyncio.sleep", note)
    asyncio.run(story())
