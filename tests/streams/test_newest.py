from streams.follower import Record
from streams.newest import NewestLists, Titles


def _record(key: str, offset: int, value: bytes | None = b"{}") -> Record:
    return Record(0, offset, key.encode(), value, 1000 + offset, {})


def test_the_newest_record_is_the_list_and_a_tombstone_ends_it() -> None:
    lists = NewestLists([])
    for record in (_record("a", 0), _record("b", 1), _record("c", 2), _record("a", 3), _record("b", 4, None)):
        lists.take(record)
    assert [(r.key, r.offset) for r in lists.newest(None)] == [(b"c", 2), (b"a", 3)]
    assert [r.key for r in lists.newest(1)] == [b"a"]


def test_only_those_asked_for_are_kept_and_who_is_missing_is_known() -> None:
    lists = NewestLists(["a", "z"])
    lists.take(_record("a", 0))
    lists.take(_record("b", 1))
    assert [r.key for r in lists.newest(None)] == [b"a"]
    assert lists.missing() == ["z"]


def test_titles_are_known_as_far_as_items_have_them() -> None:
    titles = Titles()
    titles.take(_record("a", 0, b'{"item_id":"a","title":"Milk"}'))
    titles.take(_record("b", 1, b"oops"))
    titles.take(_record("c", 2, None))
    assert [titles.of(item) for item in "abcd"] == ["Milk", "", "", ""]
