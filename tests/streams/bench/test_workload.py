from collections import Counter

import msgspec

from streams.bench.workload import Workload
from streams.events import Interaction
from streams.topics import home_partition


def test_the_seed_decides_the_events_and_the_tag_their_ids() -> None:
    first, again = (list(Workload(50, 200, 3, "a").interactions(500)) for _ in range(2))
    assert first == again
    assert first != list(Workload(50, 200, 4, "a").interactions(500))
    ids = {e.event_id for e in first} | {e.event_id for e in Workload(50, 200, 3, "b").interactions(500)}
    assert len(ids) == 1000


def test_a_few_items_are_had_by_many_and_users_keep_to_their_taste() -> None:
    events = list(Workload(100, 2000, 1, "a").interactions(20_000))
    items = Counter(e.item_id for e in events)
    assert sum(count for _, count in items.most_common(200)) > len(events) / 3
    of_user = [e.item_id for e in events if e.user_id == "user-1"]
    # Chance would give a user some 200 different items.
    assert len(set(of_user)) < 0.75 * len(of_user)


def test_packed_messages_hold_every_event_once_on_its_home_partition() -> None:
    messages = Workload(50, 200, 1, "a").messages(1000, 30, 12)
    ids = []
    for message in messages:
        events = msgspec.json.decode(message.value, type=list[Interaction])
        assert len(events) == message.event_count <= 30
        home = home_partition(message.key.decode(), 12)
        assert {home_partition(event.user_id, 12) for event in events} == {home}
        ids += [event.event_id for event in events]
    assert sorted(map(str, ids)) == sorted(f"a-{n}" for n in range(1000))


def test_a_span_gives_the_events_their_times() -> None:
    events = list(Workload(5, 20, 1, "a").interactions(3, (1000, 3000)))
    assert [e.timestamp_ms for e in events] == [1000, 2000, 3000]
