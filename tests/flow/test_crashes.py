"""A process may end at any point: what comes of the events is as if none had."""

import copy
import tempfile
from array import array
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from online.events import Past
from online.state import UserState
from streams.topics import home_partition
from tests.flow.memory import Crash
from tests.flow.messages import Crashes, Message, crash_plans, streams_of_messages
from tests.flow.river import PARTITIONS, MemoryRiver, run

NEVER = Crashes([], [])


async def recommend_all(river: MemoryRiver, crashes: Crashes, at_once: int) -> None:
    """Works everything; a worker that dies is replaced by a new one that loads its state from the log."""
    after, before_ack = list(crashes.after), list(crashes.before_ack)
    while river.interactions.fetch(1):
        try:
            async with river.recommend(after.pop(0) if after else None) as process:
                while runs := river.interactions.fetch(at_once):
                    await process.worker.work(runs)
                    if before_ack and before_ack.pop(0):
                        raise Crash
                    river.interactions.ack(runs)
        except Crash:
            continue


def played(messages: list[Message], crashes: Crashes, at_once: int) -> MemoryRiver:
    with tempfile.TemporaryDirectory() as home:
        river = MemoryRiver(Path(home))
        for message in messages:
            river.produce("interactions", message.value, message.partition)
        run(river, lambda: recommend_all(river, crashes, at_once))
    return river


def remembered(state: UserState) -> dict[str, Any]:
    """The state without its place in the log and its lists: forwarding twice moves the one, the moment the other."""
    values = {name: copy.copy(getattr(state, name)) for name in UserState.__slots__}
    return {name: v for name, v in values.items() if name not in ("cursor", "current", "standing")}


def examples_of(river: MemoryRiver, user_id: str) -> list[tuple[str, str, list[Past]]]:
    """What a reader learns of a user, in order: each run's examples beyond the watermark of those before it."""
    passed: dict[int, tuple[int, int]] = {}
    found = []
    for log_run in river.runs():
        for e in log_run.examples:
            if (e.offset, e.index) > passed.get(log_run.partition, (-1, -1)) and e.user_id == user_id:
                found.append((e.item_id, e.action, e.history or []))
        passed[log_run.partition] = max(passed.get(log_run.partition, (-1, -1)), log_run.last)
    return found


@settings(max_examples=60, deadline=None)
@example([Message(b'{"user_id":"a","item_id":"1","action":"click"}', 0)] * 3, Crashes([1, 2, 1], [True]), 1)
@given(streams_of_messages, crash_plans, st.integers(1, 6))
def test_state_and_learning_are_as_if_nothing_had_crashed(
    messages: list[Message], crashes: Crashes, at_once: int
) -> None:
    undisturbed, crashed = played(messages, NEVER, at_once), played(messages, crashes, at_once)
    wanted = undisturbed.states()
    states = crashed.states()
    assert {u: remembered(s) for u, s in states.items()} == {u: remembered(s) for u, s in wanted.items()}
    for user_id in wanted:
        assert examples_of(crashed, user_id) == examples_of(undisturbed, user_id)
    assert len(crashed.refused()) == len(undisturbed.refused())
    assert_consistent(crashed)


@settings(max_examples=25, deadline=None)
@given(crash_plans, st.integers(1, 6))
def test_the_cursor_alone_keeps_replays_out_when_event_ids_are_long_forgotten(
    crashes: Crashes, at_once: int
) -> None:
    events = [
        {
            "user_id": user,
            "item_id": str(n),
            "action": "click",
            "event_id": f"{user}{n}",
            "timestamp_ms": n * 1_000,
        }
        for n in range(8)
        for user in "ab"
    ]
    messages = [
        Message(msgspec.json.encode(e), home_partition(str(e["user_id"]), PARTITIONS)) for e in events
    ]
    with patch("online.state.HASH_LIMIT", 1):
        undisturbed, crashed = played(messages, NEVER, at_once), played(messages, crashes, at_once)
    wanted = {user_id: remembered(state) for user_id, state in undisturbed.states().items()}
    assert {user_id: remembered(state) for user_id, state in crashed.states().items()} == wanted
    assert [state["applied_count"] for state in wanted.values()] == [8, 8]


def assert_consistent(river: MemoryRiver) -> None:
    """Applied equals learned, and each user's newest list goes through their last event."""
    applied: dict[int, list[int]] = {}
    for user_id, state in river.states().items():
        home = home_partition(user_id, PARTITIONS)
        total = applied.setdefault(home, [0, 0])
        total[0] += state.applied_count
        total[1] ^= state.applied_xor
        assert state.cursor is not None
        through = river.lists()[user_id].through
        assert (through.partition, through.offset, through.index) == (
            home,
            state.cursor.offset,
            state.cursor.index,
        )
    learned = {p: [row.count, row.xor] for p, row in river.learned().items()}
    assert learned == applied


@settings(max_examples=30, deadline=None)
@given(streams_of_messages, st.integers(1, 6), st.integers(1, 6))
def test_how_records_are_batched_changes_no_state(messages: list[Message], one: int, other: int) -> None:
    # Forwards arrive in another order with other batches, so only what lies at home is compared.
    at_home = [m for m in messages if not is_astray(m)]
    first, second = played(at_home, NEVER, one), played(at_home, NEVER, other)
    assert {u: s.applied_xor for u, s in first.states().items()} == {
        u: s.applied_xor for u, s in second.states().items()
    }
    for user_id, state in first.states().items():
        assert remembered(state) == remembered(second.states()[user_id])


def is_astray(message: Message) -> bool:
    from streams.batch import decode

    return any(
        home_partition(e.user_id, PARTITIONS) != message.partition for _, e in decode(message.value).events
    )


def event(number: int) -> bytes:
    return b'{"event_id":"e%d","user_id":"u","item_id":"i%d","action":"click","timestamp_ms":%d}' % (
        number,
        number,
        1_600_000_000_000 + number * 5_000,
    )


@pytest.mark.parametrize("crash_after", [None, 0])
@pytest.mark.parametrize("saved", [False, True], ids=["nothing saved", "a snapshot"])
def test_a_new_learner_goes_on_where_the_last_one_stopped(
    tmp_path: Path, saved: bool, crash_after: int | None
) -> None:
    river = MemoryRiver(tmp_path)
    home = home_partition("u", PARTITIONS)

    async def story() -> None:
        for half in (range(5), range(5, 9)):
            for number in half:
                river.produce("interactions", event(number), home)
            await recommend_all(river, NEVER, 1)
            async with river.learn() as learner:
                await river.learn_all(learner)
                if saved:
                    await learner.save()
        if crash_after is not None:
            with pytest.raises(Crash):
                async with river.learn(crash_after):
                    pass
        async with river.learn() as learner:
            await river.learn_all(learner)
            (learned,) = learner._fold.learned.values()
            (expected,) = river.learned().values()
            assert learned == expected
            assert learned.count == 9
            assert learner._fold.recommender.most_popular(3)
        assert river.examples.committed[0] == (9 if saved else 0)

    run(river, story)


def test_a_former_learners_late_publication_is_ignored(tmp_path: Path) -> None:
    river = MemoryRiver(tmp_path)

    async def story() -> None:
        async with river.learn() as former, river.learn() as learner:
            await learner._publish()
            await former._publish()
            assert (former._epoch, learner._epoch) == (1, 2)
        async with river.recommend() as process:
            assert process.lists.model_version == learner._version
        async with river.learn() as successor:
            assert successor._epoch == 3
            assert successor._version > learner._version

    run(river, story)


_media = st.tuples(
    st.sampled_from("pq"),
    st.sampled_from(
        [
            {"title": "blue teapot"},
            {"title": "red teapot"},
            {"text": "enamel"},
            {"title": None},
            {"price": 3.0},
            None,
        ]
    ),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(_media, min_size=1, max_size=12), st.lists(st.integers(0, 8), max_size=4), st.integers(1, 4))
def test_documents_and_embeddings_are_as_if_nothing_had_crashed(
    media: list[tuple[str, dict[str, Any] | None]], crashes: list[int], at_once: int
) -> None:
    undisturbed, crashed = encoded(media, [], at_once), encoded(media, crashes, at_once)
    for topic in ("items", "embeddings"):
        assert crashed.kafka.newest(topic) == undisturbed.kafka.newest(topic)
    assert set(crashed.encoded) == set(undisturbed.encoded)
    # Nothing is encoded twice but what a crash kept from being written.
    assert len(undisturbed.encoded) == len(set(undisturbed.encoded))


def encoded(media: list[tuple[str, dict[str, Any] | None]], crashes: list[int], at_once: int) -> MemoryRiver:
    after = list(crashes)

    async def story() -> None:
        while river.media.fetch(1):
            try:
                async with river.encode(after.pop(0) if after else None) as worker:
                    while runs := river.media.fetch(at_once):
                        await worker.work(runs)
                        river.media.ack(runs)
            except Crash:
                continue

    with tempfile.TemporaryDirectory() as home:
        river = MemoryRiver(Path(home))
        for item_id, patch in media:
            value = None if patch is None else {"item_id": item_id} | patch
            river.produce("media", value, home_partition(item_id, 4), key=item_id)
        run(river, story)
    return river


def test_states_compare_by_value() -> None:
    one, other = UserState("u"), UserState("u")
    one.recent = array("Q", [1])
    assert remembered(one) != remembered(other)


def test_a_learner_is_of_a_higher_epoch_than_any_snapshot_also_where_model_is_made_anew(
    tmp_path: Path,
) -> None:
    river = MemoryRiver(tmp_path)

    async def story() -> None:
        for epoch in (1, 2):
            async with river.learn() as learner:
                assert learner.epoch == epoch
                await learner.save()
            river.kafka.logs["model", 0].clear()
        async with river.learn() as learner:
            assert learner.epoch == 3

    run(river, story)
