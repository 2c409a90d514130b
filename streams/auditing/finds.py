"""What an audit found, and whether that may be there."""

from msgspec import Struct

from streams.events import Receipt


class Find(Struct, frozen=True):
    """Places of one kind where somebody, or an item, is named."""

    where: str
    """`topic users`, `store FILE`, `worker recommend 123`."""
    what: str
    """Which places, and why they may be there or may not."""
    count: int
    is_leak: bool
    """Whether nothing says that it may be there."""
    until_ms: int | None = None
    """Until when it may be there; None: not at all, or no such time is stated."""


class Subject(Struct):
    """Whom or what was looked for."""

    id: str
    finds: list[Find]

    @property
    def leaks(self) -> list[Find]:
        """Finds that should not be there."""
        return [find for find in self.finds if find.is_leak]


class ErasedUser(Subject):
    """Who should be nowhere but where the receipt says."""

    receipt: Receipt | None
    """The newest; None: the user was not erased, or the receipt is gone by Kafka's retention."""
    is_item_too: bool
    """Whether an item has the same id: what is kept by item alone then counts for the item."""


class DeletedItem(Subject):
    """What should be in no list, and have no document and no vector."""

    deleted_ms: int | None
    """Kafka's timestamp of the tombstone in `items`; None: there is none, or compaction has removed it."""


class Audit(Struct):
    """Everything that was looked at."""

    subjects: list[ErasedUser] | list[DeletedItem]
    problems: list[str]
    """What could not be looked at."""
    searched: dict[str, int]
    """How much was: records by topic, files, workers."""

    @property
    def leaks(self) -> list[Find]:
        """Finds that should not be there, of all."""
        return [find for subject in self.subjects for find in subject.leaks]

    @property
    def is_clean(self) -> bool:
        """Whether all was looked at, and nothing was found that should not be there."""
        return not self.leaks and not self.problems
