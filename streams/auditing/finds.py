"""What an audit found, and whether the receipt says that it may be there."""

from msgspec import Struct

from streams.events import Receipt


class Find(Struct, frozen=True):
    """Places of one kind where somebody is named."""

    where: str
    """`topic users`, `store FILE`, `worker recommend 123`."""
    what: str
    """Which places, and why they may be there or may not."""
    count: int
    until_ms: int | None
    """Until when that is stated in the receipt; None: it is stated nowhere, or was to be gone by now."""


class Audit(Struct):
    """Everything that was looked at for one user."""

    user_id: str
    receipt: Receipt | None
    """The newest; None: the user was not erased, or the receipt is gone by Kafka's retention."""
    is_item_too: bool
    """Whether an item has the same id: what is kept by item alone then counts for the item."""
    finds: list[Find]
    problems: list[str]
    """What could not be looked at."""
    searched: dict[str, int]
    """How much was: records by topic, files, workers."""

    @property
    def leaks(self) -> list[Find]:
        """Finds outside the retention that the receipt states."""
        return [find for find in self.finds if find.until_ms is None]

    @property
    def is_clean(self) -> bool:
        """Whether all was looked at, and nothing was found that should not be there."""
        return not self.leaks and not self.problems
