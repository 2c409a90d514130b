from typing import Any

import pytest

from streams.bench import items
from streams.events import Cause, ListItem, Recommendation, Through
from streams.settings import Settings


def listed(user_id: str, kind: Any, *item_ids: str) -> Recommendation:  # noqa: ANN401  # a kind of cause
    cause = Cause(kind, "new", "media", 0, 0, 0)
    found = [ListItem(item_id, rank, 1.0, None, "content", []) for rank, item_id in enumerate(item_ids, 1)]
    return Recommendation(user_id, "l", 0, 1, cause, Through(0, 0, 0), "default", found)


class Come:
    """Lists after an item has come: a user's is made for it twice, another's for its own sake."""

    def __init__(self) -> None:
        self.changed: list[tuple[int, Recommendation]] = []

    def read(self, _seconds: float) -> None:
        self.changed += [
            (1_500, listed("early", "item", "new")),
            (9_000, listed("early", "item", "new", "x")),
        ]

    def having(self, _item_id: str) -> set[str]:
        return {"early", "scheduled"}


class Sent:
    def item(self, *_: object) -> int:
        return 1_000

    def flush(self) -> None:
        """Sent."""

    def tasters(self, _group: int) -> list[str]:
        return ["early", "scheduled"]


def test_a_new_items_time_is_that_of_the_first_list_that_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "_wanted", lambda *_: {"early", "scheduled"})
    people: Any = Sent()
    lists: Any = Come()
    found = items._come(Settings(kafka="nowhere:1"), people, lists)
    assert (found.wanted, found.found, found.found_in_2_s, found.others) == (2, 2, 1, 0)
    assert found.ms["max"] == 500
