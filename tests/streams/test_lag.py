"""How far a group is behind, with made-up answers of Kafka."""

from typing import Any, ClassVar

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from streams import lag
from streams.settings import Settings

SETTINGS = Settings(kafka="nowhere:1", partitions=2)


class FakeConsumer:
    """A consumer of which only the committed offsets are asked."""

    errors: ClassVar[list[KafkaException]] = []
    """What it is answered with first, the last of them first."""
    closed: int = 0

    def __init__(self, config: dict[str, Any]) -> None:
        assert config["group.id"] == "freshet-encode"

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        if self.errors:
            raise self.errors.pop()
        return [
            TopicPartition(tp.topic, tp.partition, 7 if tp.partition == 1 else -1001) for tp in partitions
        ]

    def close(self) -> None:
        FakeConsumer.closed += 1


@pytest.fixture(autouse=True)
def kafka(monkeypatch: pytest.MonkeyPatch) -> None:
    ends = iter((20, 3))  # asked for the ends, then for the starts

    def offsets(
        _admin: object, partitions: list[TopicPartition], _spec: object
    ) -> dict[tuple[str, int], int]:
        return dict.fromkeys([(tp.topic, tp.partition) for tp in partitions], next(ends))

    monkeypatch.setattr(lag, "_offsets", offsets)
    monkeypatch.setattr(lag, "Consumer", FakeConsumer)
    monkeypatch.setattr(FakeConsumer, "closed", 0)


def group_lag() -> dict[tuple[str, int], tuple[int, int]]:
    return lag.group_lag(None, SETTINGS, "encode")  # type: ignore[arg-type]  # the fake asks nobody


def test_what_was_never_committed_counts_from_the_start_of_the_log() -> None:
    found = group_lag()
    assert (found["media", 0], found["media", 1]) == ((3, 20), (7, 20))
    assert FakeConsumer.closed == 1


def test_a_fresh_cluster_is_asked_again_until_it_has_a_coordinator(monkeypatch: pytest.MonkeyPatch) -> None:
    codes = (KafkaError.COORDINATOR_NOT_AVAILABLE, KafkaError.NOT_COORDINATOR)
    monkeypatch.setattr("streams.lag.time.sleep", lambda _: None)
    monkeypatch.setattr(FakeConsumer, "errors", [KafkaException(KafkaError(code)) for code in codes])
    assert group_lag()["media", 1] == (7, 20)


def test_another_error_is_not_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    denied = KafkaException(KafkaError(KafkaError.GROUP_AUTHORIZATION_FAILED))
    monkeypatch.setattr(FakeConsumer, "errors", [denied])
    with pytest.raises(KafkaException, match="GROUP_AUTHORIZATION_FAILED"):
        group_lag()
    assert FakeConsumer.closed == 1


def test_a_group_whose_coordinator_has_moved_is_an_error_and_not_the_end_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lag, "COORDINATOR_S", 0.0)
    monkeypatch.setattr(FakeConsumer, "errors", [KafkaException(KafkaError(KafkaError.NOT_COORDINATOR))] * 9)
    with pytest.raises(KafkaException, match="NOT_COORDINATOR"):
        group_lag()
    assert FakeConsumer.closed == 1


def test_the_oldest_unread_record_came_after_the_last_look_that_saw_no_more_than_what_is_read() -> None:
    ages = lag.UnreadAges()
    place = ("media", 0)
    assert ages.look(place, committed=10, end=10, now_s=100.0) == 0.0
    assert ages.look(place, committed=10, end=30, now_s=105.0) == 5.0
    assert ages.look(place, committed=10, end=50, now_s=110.0) == 10.0
    assert ages.look(place, committed=30, end=50, now_s=115.0) == 10.0
    assert ages.look(place, committed=50, end=50, now_s=120.0) == 0.0
    assert ages.look(("media", 1), committed=0, end=9, now_s=120.0) == 0.0
