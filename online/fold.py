"""The fold of the log of examples: the same code in the learner and in every recommend worker.

Every reader skips what its own watermark has passed, so a run written twice is learned once.
"""

from collections.abc import Callable

import msgspec

from online.events import Cursor, Example, ExampleRun, ExampleSet, ItemDeleted, UserErased
from online.recommender import Recommender
from online.saved import Saved, as_part, part_of
from online.sets import SetGrouper

BEFORE_ALL = (-(2**62), -1)
"""Before every event: those that a restored log has no longer lie at negative offsets."""
PREFIX = "recommender."
Before = Callable[[ExampleSet, Recommender], None]


class Learned(msgspec.Struct, array_like=True):
    """What was learned of one source partition."""

    topic_id: str
    partition: int
    watermark: tuple[int, int]
    """Offset and index of the last event passed."""
    count: int = 0
    xor: int = 0
    """Of the hashes of the events learned. Those of erased users are in neither any more."""
    erased: Cursor | None = None
    """Place of the newest erasure taken in."""


class ExampleFold:
    """Folds records of the log into a recommender's statistics, each example once."""

    def __init__(self, recommender: Recommender) -> None:
        self.recommender = recommender
        self.learned: dict[tuple[str, int], Learned] = {}
        self._grouper = SetGrouper()

    def fold(
        self, record: ExampleRun | ItemDeleted | UserErased, log_ms: int, before: Before | None = None
    ) -> list[ExampleSet]:
        """Folds one record.

        Args:
            record: The next record of the log.
            log_ms: Its timestamp in the log, which closes sets that stayed open.
            before: Called with each set before it is learned, to score what was predicted of it.

        Returns:
            The sets that were folded now, in order.
        """
        if isinstance(record, ItemDeleted):
            if self.recommender.catalogue.document(record.item_id) is None:
                self.recommender.delete_item(record.item_id)
            return []
        if isinstance(record, UserErased):
            self.erase(record)
            return []
        sets = [s for example in self._unseen(record) for s in self._grouper.push(example, log_ms)]
        sets += self._grouper.expire(log_ms)
        for example_set in sets:
            if before is not None:
                before(example_set, self.recommender)
            self.recommender.fold(example_set)
        return sets

    def erase(self, marker: UserErased) -> int:
        """Forgets a user; a marker that comes again changes nothing more.

        Nothing else here names anybody: statistics are kept by item.

        Returns:
            How many of the user's examples waited for their set to close; they are never learned.
        """
        learned = self._learned(marker.topic_id, marker.partition)
        if learned.erased is not None and learned.erased.reaches(marker.erased.place):
            return 0  # what waits now is of a user who has come back
        learned.count -= marker.erased.count
        learned.xor ^= marker.erased.xor
        learned.erased = marker.erased.place
        return self._grouper.drop_user(marker.user_id)

    def holds(self, user_id: str) -> bool:
        """Whether examples of the user wait for their set to close."""
        return self._grouper.has_user(user_id)

    @property
    def clock_ms(self) -> int:
        """The latest timestamp of the log, as far as it is folded."""
        return self._grouper.clock_ms

    def quiet_run(self) -> ExampleRun | None:
        """A run of no examples whose time in the log closes the sets that are open; None where none is."""
        if self._grouper.is_empty:
            return None
        learned = next(iter(self.learned.values()))
        return ExampleRun(learned.topic_id, learned.partition, learned.watermark, learned.watermark, [])

    def _learned(self, topic_id: str, partition: int) -> Learned:
        return self.learned.setdefault((topic_id, partition), Learned(topic_id, partition, BEFORE_ALL))

    def _unseen(self, run: ExampleRun) -> list[Example]:
        learned = self._learned(run.topic_id, run.partition)
        unseen = [e for e in run.examples if (e.offset, e.index) > learned.watermark]
        for example in unseen:
            learned.count += 1
            learned.xor ^= example.event_hash
        learned.watermark = max(learned.watermark, run.last)
        return unseen

    def save(self) -> Saved:
        """Everything a worker needs to go on from here, as arrays and bytes."""
        saved = as_part(PREFIX, self.recommender.save())
        saved["sets"] = self._grouper.save()
        saved["learned"] = msgspec.msgpack.encode(list(self.learned.values()))
        return saved

    def load(self, saved: Saved) -> None:
        """Goes on from what `save` returned."""
        self.recommender.load(part_of(saved, PREFIX))
        self._grouper.load(bytes(saved["sets"]))
        rows = msgspec.msgpack.decode(bytes(saved["learned"]), type=list[Learned])
        self.learned = {(row.topic_id, row.partition): row for row in rows}
