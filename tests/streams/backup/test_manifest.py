from hypothesis import given
from hypothesis import strategies as st

from streams.backup.manifest import PartitionCopy, Places


def copied(offsets: list[int], end: int = 0) -> PartitionCopy:
    ranges: list[tuple[int, int]] = []
    for offset in offsets:
        if ranges and sum(ranges[-1]) == offset:
            ranges[-1] = (ranges[-1][0], ranges[-1][1] + 1)
        else:
            ranges.append((offset, 1))
    return PartitionCopy(offsets[0] if offsets else end, len(offsets), ranges)


@given(st.sets(st.integers(0, 60), min_size=1))
def test_records_lie_one_after_the_other_and_readers_go_on_at_the_next_one(found: set[int]) -> None:
    offsets = sorted(found)
    places = Places(copied(offsets))
    assert [places.of(offset) for offset in offsets] == list(range(len(offsets)))
    for offset in range(offsets[0], 64):
        assert places.next_of(offset) == sum(o < offset for o in offsets)
        assert places.of(offset) == sum(o <= offset for o in offsets) - 1


def test_what_had_left_the_log_lies_before_its_beginning_in_the_same_order() -> None:
    places = Places(copied([100, 101]))
    assert [places.of(offset) for offset in (98, 99, 100)] == [-2, -1, 0]
    assert places.next_of(50) == 0


def test_of_an_empty_partition_everything_has_left_the_log() -> None:
    places = Places(copied([], end=7))
    assert (places.of(6), places.of(7), places.next_of(7)) == (-1, -1, 0)
