import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.loading.events import Keyed
from streams.loading.packing import Message, Packer
from streams.topics import home_partition

EVENTS = st.lists(
    st.builds(Keyed, st.sampled_from("abcdefgh"), st.integers(0, 9999).map(lambda n: b"%d" % n))
)


def _packed(events: list[Keyed], partitions: int, size: int, limit_bytes: int) -> list[Message]:
    packer = Packer(partitions, size, limit_bytes)
    return [message for event in events for message in packer.add(event)] + packer.flush()


@settings(deadline=None)  # a busy machine is no error
@given(EVENTS, st.integers(1, 5), st.integers(2, 4), st.integers(1, 30))
def test_packing_keeps_every_event_its_order_and_its_home(
    events: list[Keyed], partitions: int, size: int, limit_bytes: int
) -> None:
    messages = _packed(events, partitions, size, limit_bytes)
    for home in range(partitions):
        values = [int(e.value) for e in events if home_partition(e.key, partitions) == home]
        there = [message for message in messages if message.partition == home]
        assert [n for message in there for n in msgspec.json.decode(message.value)] == values
    for message in messages:
        assert home_partition(message.key, partitions) == message.partition
        assert 1 <= message.event_count <= size
        assert len(message.value) <= limit_bytes or message.event_count == 1


def test_unpacked_events_are_plain_objects_for_the_clients_partitioner() -> None:
    assert _packed([Keyed("a", b"{}")], 3, 1, 100) == [Message("a", b"{}", -1, 1)]
