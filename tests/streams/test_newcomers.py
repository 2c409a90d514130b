"""How long a search for a new item's users goes on, and when events have their turn."""

import asyncio
from collections.abc import Collection
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from streams import newcomers as module
from streams.events import Cause, ListItem, Recommendation, Through
from streams.newcomers import PATIENCE, PAUSE_SHARE, TRIED_AT_ONCE, Newcomers
from streams.stores.lists import Published

CAUSE = Cause("item", "new", "items", 0, 0, 0)
LISTS_S = 0.004
"""What the lists of TRIED_AT_ONCE users take: three times that is more than a turn of 10 ms."""


def published(user_id: str, *item_ids: str) -> Published:
    items = [ListItem(item_id, rank, 0.0, None, "content", []) for rank, item_id in enumerate(item_ids, 1)]
    return Published(Recommendation(user_id, "l", 0, 0, CAUSE, Through(0, 0, 0), "default", items), [])


class Search:
    """A search over very many users, whose lists have the new item where they are among the given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, with_it: Collection[str] = ()) -> None:
        self.now_s = 0.0
        self.tried: list[str] = []
        self.kept: list[str] = []
        self.slept_s: list[float] = []
        self._with_it = with_it
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=lambda: self.now_s))
        monkeypatch.setattr(module, "asyncio", SimpleNamespace(sleep=self._sleep))
        monkeypatch.setattr(module, "measure_changed", lambda *_: None)

    async def _sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)

    def _again(self, olds: list[Published], *_: object) -> list[Published]:
        self.now_s += LISTS_S
        users = [old.recommendation.user_id for old in olds]
        self.tried += users
        return [published(user, "new" if user in self._with_it else "old") for user in users]

    def _keep(self, found: Published, _partition: int) -> str:
        self.kept.append(found.recommendation.user_id)
        return found.recommendation.user_id

    async def _deliver(self, outgoing: Any, _check: object) -> None:  # noqa: ANN401  # what is kept
        list(outgoing)

    def run(self) -> None:
        async def story() -> None:
            ready = asyncio.Event()
            ready.set()
            users = SimpleNamespace(working=asyncio.Lock(), ready=ready)
            store = SimpleNamespace(
                user=lambda slot: f"u{slot}", get=published, partition=lambda _: 0, keep=self._keep
            )
            lists = SimpleNamespace(published_again=self._again, changed=lambda made, *_: made)
            search = Newcomers(
                cast(Any, users),
                cast(Any, lists),
                cast(Any, store),
                cast(Any, None),
                cast(Any, SimpleNamespace(deliver=self._deliver)),
                cast(Any, SimpleNamespace(check=nullcontext)),
            )
            await search._bring_in({"new": CAUSE}, np.arange(10_000))

        asyncio.run(story())


def test_so_many_lists_in_vain_end_a_search_and_events_have_their_turn_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    search = Search(monkeypatch)
    search.run()
    assert search.tried == [f"u{slot}" for slot in range(PATIENCE)]
    assert search.kept == []
    calls = PATIENCE // TRIED_AT_ONCE
    assert search.slept_s[:-1] == pytest.approx([PAUSE_SHARE * 3 * LISTS_S] * (calls // 3))


def test_a_list_that_has_the_item_makes_the_search_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    last = f"u{PATIENCE - 1}"
    search = Search(monkeypatch, with_it=["u2", last])
    search.run()
    assert search.kept == ["u2", last]
    assert len(search.tried) == 2 * PATIENCE
