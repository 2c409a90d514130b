import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any, cast

import pytest
from confluent_kafka import ConsumerGroupState, KafkaError, KafkaException, TopicPartition

from streams import metrics, watchdog
from streams.kafka import AccessDeniedError
from streams.settings import Settings
from streams.watchdog import PATIENCE, UnownedPartitionsError, watch_group


def watch(
    monkeypatch: pytest.MonkeyPatch,
    unowned: Iterator[int],
    steps: list[str],
    access: Iterator[None] | None = None,
) -> None:
    """Watches a group that has so many unowned partitions at each look; the second look fails."""

    def admin_client(_: Settings) -> object:
        steps.append("connect")
        return object()

    def group_lag(*_: object) -> dict[tuple[str, int], tuple[int, int]]:
        steps.append("look")
        if steps.count("look") == 2:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        return {("interactions", 0): (3, 10)}

    monkeypatch.setattr(watchdog, "INTERVAL_S", 0.0)
    monkeypatch.setattr(watchdog, "admin_client", admin_client)
    monkeypatch.setattr(watchdog, "group_lag", group_lag)
    monkeypatch.setattr(watchdog, "unowned", lambda *_: next(unowned))
    monkeypatch.setattr(watchdog, "ensure_access", lambda *_: None if access is None else next(access))
    asyncio.run(watch_group(Settings(), "recommend"))


def test_partitions_without_an_owner_for_long_end_the_worker_and_a_lost_client_is_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks, steps = iter([2, 0, *[5] * PATIENCE]), list[str]()
    with pytest.raises(UnownedPartitionsError, match="5 partitions of the recommend group have no owner"):
        watch(monkeypatch, looks, steps)
    assert list(looks) == []
    assert steps == ["connect", "look", "look", "connect", *["look"] * (1 + PATIENCE)]
    assert metrics.LAG_EVENTS.labels(topic="interactions", partition="0")._value.get() == 7
    assert metrics.UNREAD_SECONDS.labels(topic="interactions", partition="0")._value.get() > 0
    assert metrics.UNOWNED._value.get() == 5


def test_kafka_being_away_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> Iterator[int]:
        yield 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch(monkeypatch, stop(), [])


def test_a_look_that_takes_too_long_is_named_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failures: list[BaseException] = [TimeoutError(), AccessDeniedError("enough")]

    def late(look: int) -> None:
        raise failures[look]

    with pytest.raises(AccessDeniedError, match="enough"):
        watch(monkeypatch, iter([0]), [], map(late, range(2)))
    assert caplog.messages == ["cannot look at the group of recommend: TimeoutError()"]


def test_a_permission_that_is_taken_away_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken() -> Iterator[None]:
        yield None
        message = "User:ada lacks Read on topic media"
        raise AccessDeniedError(message)

    with pytest.raises(AccessDeniedError, match="lacks Read on topic media"):
        watch(monkeypatch, iter([0] * 9), [], taken())


@pytest.mark.parametrize(
    ("state", "owned", "found"),
    [
        (ConsumerGroupState.STABLE, [range(12), ()], 0),
        (ConsumerGroupState.STABLE, [range(5), range(5, 10)], 2),
        (ConsumerGroupState.STABLE, [], 12),
        (ConsumerGroupState.PREPARING_REBALANCING, [], 0),
    ],
)
def test_what_no_member_of_a_settled_group_has_is_unowned(
    state: ConsumerGroupState, owned: list[range], found: int
) -> None:
    settings = Settings(topic_prefix="shop-", partitions=12)

    def members(topic: str, partitions: list[range]) -> list[Any]:
        return [
            SimpleNamespace(
                assignment=SimpleNamespace(topic_partitions=[TopicPartition(topic, p) for p in of_member])
            )
            for of_member in partitions
        ]

    class Admin:
        def describe_consumer_groups(self, names: list[str]) -> dict[str, Future[Any]]:
            assert names == ["shop-freshet-recommend"]
            group: Future[Any] = Future()
            others = [("shop-requests", range(12)), ("shop-erasures", range(12)), ("shop-queries", range(4))]
            rest = [member for topic, all_of_it in others for member in members(topic, [all_of_it])]
            # Another tenant's partitions are not ours.
            foreign = members("interactions", [range(12)])
            described = members("shop-interactions", owned) + rest + foreign
            group.set_result(SimpleNamespace(state=state, members=described))
            return {names[0]: group}

    assert watchdog.unowned(cast(Any, Admin()), settings, "recommend") == found
