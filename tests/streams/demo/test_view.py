from collections import deque
from typing import Any, cast

from streams.demo import view
from streams.demo.watch import Shopper
from streams.events import Media


class Busy(dict[str, Media]):
    """Titles that take so long to look up that the shopper buys on meanwhile."""

    def __init__(self, shopper: Shopper) -> None:
        super().__init__()
        self._shopper = shopper

    def get(self, item_id: str, default: Any = None) -> Any:  # noqa: ANN401  # as dict has it
        self._shopper.bought.appendleft("more")
        return default


def test_a_shopper_who_buys_on_while_shown_does_no_harm() -> None:
    shopper = Shopper("household-1", deque(["bread", "butter"], maxlen=4))
    shown = view._shopper(shopper, cast("dict[str, Media]", Busy(shopper)))
    assert shown.title == "household-1 just bought bread, butter"
