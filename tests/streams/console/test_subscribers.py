"""Lists go to those who wait for them, and to nobody else."""

from streams.console.subscribers import WAITING, Subscribers
from streams.follower import Record


def record(user_id: str, offset: int) -> Record:
    return Record(0, offset, user_id.encode(), b"{}", 0, {})


def test_each_page_of_a_user_gets_each_list_while_it_is_open() -> None:
    subscribers = Subscribers()
    with subscribers.of(["ann"]) as one, subscribers.of(["ann"]) as other, subscribers.of(["bob"]) as third:
        subscribers.publish(record("ann", 1))
        assert [queue.qsize() for queue in (one, other, third)] == [1, 1, 0]
    subscribers.publish(record("ann", 2))
    assert one.qsize() == 1


def test_a_user_of_several_names_is_waited_for_by_all_of_them() -> None:
    subscribers = Subscribers()
    with subscribers.of(["new", "old"]) as queue:
        for user in ("old", "other", "new"):
            subscribers.publish(record(user, 1))
        assert [queue.get_nowait().key for _ in range(queue.qsize())] == [b"old", b"new"]
    subscribers.publish(record("old", 2))
    assert queue.empty()


def test_of_a_slow_page_the_oldest_lists_are_dropped() -> None:
    subscribers = Subscribers()
    with subscribers.of(["ann"]) as queue:
        for offset in range(WAITING + 2):
            subscribers.publish(record("ann", offset))
        assert [queue.get_nowait().offset for _ in range(queue.qsize())] == list(range(2, WAITING + 2))
