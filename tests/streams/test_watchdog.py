import asyncio
from collections.abc import Iterator

import pytest
from confluent_kafka import KafkaError, KafkaException

from streams import metrics, watchdog
from streams.kafka import AccessDeniedError
from streams.settings import Settings
from streams.watchdog import PATIENCE, UnownedPartitionsError, watch_group


def watch(
    monkeypatch: pytest.MonkeyPatch, unowned: Iterator[int], access: Iterator[None] | None = None
) -> list[str]:
    """Watches a group that has so many unowned partitions at each look; returns the looks."""
    steps: list[str] = []

    def group_lag(*_: object) -> dict[tuple[str, int], tuple[int, int]]:
        steps.append("look")
        if len(steps) == 2:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        return {("interactions", 0): (3, 10)}

    monkeypatch.setattr(watchdog, "INTERVAL_S", 0.0)
    monkeypatch.setattr(watchdog, "admin_client", lambda _: object())
    monkeypatch.setattr(watchdog, "group_lag", group_lag)
    monkeypatch.setattr(watchdog, "unowned", lambda *_: next(unowned))
    monkeypatch.setattr(watchdog, "ensure_access", lambda *_: None if access is None else next(access))
    asyncio.run(watch_group(Settings(), "recommend"))
    return steps


def test_partitions_without_an_owner_for_long_end_the_worker_and_a_lost_client_is_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = iter([2, 0, *[5] * PATIENCE])
    with pytest.raises(UnownedPartitionsError, match="5 partitions of the recommend group have no owner"):
        watch(monkeypatch, looks)
    assert list(looks) == []
    assert metrics.LAG_EVENTS.labels(topic="interactions", partition="0")._value.get() == 7
    assert metrics.UNREAD_SECONDS.labels(topic="interactions", partition="0")._value.get() > 0
    assert metrics.UNOWNED._value.get() == 5


def test_kafka_being_away_ends_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop() -> Iterator[int]:
        yield 0
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        watch(monkeypatch, stop())


def test_a_permission_that_is_taken_away_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken() -> Iterator[None]:
        yield None
        message = "User:ada lacks Read on topic media"
        raise AccessDeniedError(message)

    with pytest.raises(AccessDeniedError, match="lacks Read on topic media"):
        watch(monkeypatch, iter([0] * 9), taken())
