from hypothesis import given, settings
from hypothesis import strategies as st

from online.events import Cursor, Erased, Event, Example, ExampleRun, ExampleSet, ItemDeleted, UserErased
from online.fold import ExampleFold, Learned
from online.item import Item
from online.recommender import Recommender
from online.recommender_config import RecommenderConfig
from online.state import UserState

CONFIG = RecommenderConfig(capacity=64)


def new_fold() -> ExampleFold:
    return ExampleFold(Recommender(CONFIG))


class Source:
    """A source partition's events, as a recommend worker makes runs of them."""

    def __init__(self, partition: int = 0, topic_id: str = "t") -> None:
        self.partition, self.topic_id = partition, topic_id
        self._states: dict[str, UserState] = {}
        self.examples: list[Example] = []

    def add(self, user_id: str, item_id: str, timestamp_ms: int = 0) -> None:
        offset = len(self.examples)
        place = Cursor(self.topic_id, self.partition, offset, 0)
        state = self._states.setdefault(user_id, UserState(user_id))
        made = state.apply(Event(user_id, item_id, "click", 1.0, timestamp_ms, 1 << offset, place))
        assert made is not None
        self.examples.append(made)

    def run(self, first: int, last: int) -> ExampleRun:
        """Events from `first` to `last`, both included."""
        return ExampleRun(
            self.topic_id, self.partition, (first, 0), (last, 0), self.examples[first : last + 1]
        )


def source(count: int, partition: int = 0) -> Source:
    made = Source(partition)
    for number in range(count):
        made.add(f"u{number % 3}", f"i{number % 5}", number * 1_000)
    return made


def test_a_run_counts_its_events_and_xors_their_hashes() -> None:
    fold = new_fold()
    fold.fold(source(4).run(0, 3), 0)
    assert fold.learned == {("t", 0): Learned("t", 0, (3, 0), 4, 0b1111)}


def test_a_run_written_twice_is_learned_once() -> None:
    fold, events = new_fold(), source(9)
    fold.fold(events.run(0, 5), 0)
    assert fold.fold(events.run(0, 5), 0) == []
    # A longer batch after a crash: only what is new in it counts.
    fold.fold(events.run(3, 8), 0)
    assert fold.learned["t", 0] == Learned("t", 0, (8, 0), 9, 2**9 - 1)


def test_an_older_run_moves_no_watermark_back() -> None:
    fold, events = new_fold(), source(9)
    fold.fold(events.run(0, 8), 0)
    fold.fold(events.run(0, 2), 0)
    assert fold.learned["t", 0].watermark == (8, 0)


def test_a_watermark_moves_past_what_was_looked_at_and_not_applied() -> None:
    fold = new_fold()
    fold.fold(ExampleRun("t", 0, (0, 0), (7, 3), []), 0)
    assert fold.learned["t", 0] == Learned("t", 0, (7, 3), 0, 0)


def test_partitions_and_logs_have_watermarks_of_their_own() -> None:
    fold = new_fold()
    for made in (source(3), source(2, partition=1)):
        fold.fold(made.run(0, len(made.examples) - 1), 0)
    recreated = Source(topic_id="re-created")
    recreated.add("u9", "i")
    fold.fold(recreated.run(0, 0), 0)
    assert {key: row.count for key, row in fold.learned.items()} == {
        ("t", 0): 3, ("t", 1): 2, ("re-created", 0): 1
    }  # fmt: skip


def test_each_set_is_shown_before_it_is_learned() -> None:
    fold, events = new_fold(), Source()
    events.add("u", "a", 0)
    events.add("u", "b", 0)
    events.add("u", "c", 5_000)
    seen: list[tuple[list[str], list[str]]] = []

    def before(example_set: ExampleSet, recommender: Recommender) -> None:
        seen.append(([e.item_id for e in example_set.examples], recommender.most_popular(9)))

    assert [len(s.examples) for s in fold.fold(events.run(0, 2), 0, before)] == [2]
    assert seen == [(["a", "b"], [])]
    # The last set stays open until the log's clock has moved on.
    fold.fold(ExampleRun("t", 0, (3, 0), (3, 0), []), 2_000, before)
    assert seen[1][0] == ["c"]
    assert set(seen[1][1]) == {"a", "b"}


def test_a_deleted_item_leaves_every_list_until_its_document_is_back() -> None:
    fold = new_fold()
    events = source(9)
    fold.fold(events.run(0, 8), 0)
    state = UserState("new")

    def listed() -> set[str]:
        return {i.item_id for i in fold.recommender.recommend(state, now_ms=9_000, wall_ms=0)}

    assert "i1" in listed()
    assert fold.fold(ItemDeleted("i1"), 0) == []
    assert "i1" not in listed()
    fold.recommender.put_item(Item("i1"))
    # The marker of the deletion before may come late: the document says that the item is back.
    fold.fold(ItemDeleted("i1"), 0)
    assert "i1" in listed()


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.data())
def test_saved_and_loaded_it_goes_on_as_if_nothing_had_been(count: int, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, count - 1))
    whole, first, second = new_fold(), new_fold(), new_fold()
    whole.fold(source(count).run(0, at), 5)
    first.fold(source(count).run(0, at), 5)
    second.load(first.save())
    for fold in (whole, second):
        fold.fold(source(count).run(at, count - 1), 9_000)
    assert second.learned == whole.learned
    assert second.learned["t", 0].count == count
    state = UserState("u")
    state.apply(Event("u", "i1", "click", 1.0, 0, 1, Cursor("t", 0, 0, 0)))
    lists = [f.recommender.recommend(state, now_ms=50_000, wall_ms=0) for f in (whole, second)]
    assert lists[0] == lists[1]


def marker(offset: int, count: int, xor: int, user_id: str = "u0") -> UserErased:
    return UserErased(user_id, "r", "t", 0, Erased(Cursor("erasures", 0, offset, 0), count, xor, 1, 1))


def test_an_erased_users_open_set_is_never_learned_and_the_count_is_forgotten_once() -> None:
    fold, made = new_fold(), Source()
    for number in range(4):
        made.add("u0", f"i{number}", number // 2)
    made.add("u1", "i9", 0)
    fold.fold(made.run(0, 4), 0)
    assert fold.holds("u0")
    before = fold.learned["t", 0]
    assert (before.count, before.xor) == (5, 0b11111)
    assert fold.erase(marker(3, 4, 0b1111)) == 2
    assert (fold.holds("u0"), fold.holds("u1")) == (False, True)
    after = new_fold()
    after.load(fold.save())
    for _ in range(2):
        assert after.fold(marker(3, 4, 0b1111), 0) == []
        assert (after.learned["t", 0].count, after.learned["t", 0].xor) == (1, 0b10000)
    # Time goes by: only the other user's set is learned.
    closed = after.fold(ExampleRun("t", 1, (0, 0), (0, 0), []), 60_000)
    assert [example_set.user_id for example_set in closed] == ["u1"]
    after.fold(marker(4, 1, 0b10000, "u1"), 0)
    assert (after.learned["t", 0].count, after.learned["t", 0].xor) == (0, 0)


def test_a_marker_that_comes_again_leaves_alone_what_the_user_does_since() -> None:
    fold, made = new_fold(), Source()
    made.add("u0", "i0", 0)
    fold.fold(made.run(0, 0), 0)
    assert fold.erase(marker(3, 1, 0b1)) == 1
    made.add("u0", "i1", 1)
    fold.fold(made.run(1, 1), 0)
    assert fold.erase(marker(3, 1, 0b1)) == 0
    assert fold.holds("u0")
