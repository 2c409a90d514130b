"""How far a group is behind, with made-up answers of Kafka."""

from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from confluent_kafka import ConsumerGroupState, KafkaError, KafkaException, TopicPartition

from streams import lag
from streams.settings import Settings
from streams.status import role_lag

SETTINGS = Settings(kafka="nowhere:1", partitions=2)


class Told:
    """A message that is an error."""

    def __init__(self, code: int) -> None:
        self._code = code

    def error(self) -> KafkaError:
        return KafkaError(self._code)


class FakeConsumer:
    """A consumer of which only the committed offsets are asked."""

    errors: ClassVar[list[KafkaException]] = []
    """What it is answered with first, the last of them first."""
    told: ClassVar[list[Told]] = []
    """What it reads instead of records."""
    closed: int = 0

    def __init__(self, config: dict[str, Any]) -> None:
        assert config["group.id"] == "freshet-encode"

    def committed(self, partitions: list[TopicPartition], timeout: float) -> list[TopicPartition]:
        if self.errors:
            raise self.errors.pop()
        return [
            TopicPartition(tp.topic, tp.partition, 7 if tp.partition == 1 else -1001) for tp in partitions
        ]

    def poll(self, timeout: float) -> Told | None:
        assert timeout == 0
        return self.told.pop() if self.told else None

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


def deny(monkeypatch: pytest.MonkeyPatch) -> None:
    """As librdkafka does: no answer comes, and why is told to who reads."""
    monkeypatch.setattr(FakeConsumer, "errors", [KafkaException(KafkaError(KafkaError._TIMED_OUT))] * 9)
    monkeypatch.setattr(FakeConsumer, "told", [Told(KafkaError.GROUP_AUTHORIZATION_FAILED)])


def test_a_denial_is_not_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    deny(monkeypatch)
    with pytest.raises(KafkaException, match="GROUP_AUTHORIZATION_FAILED"):
        group_lag()
    assert (FakeConsumer.closed, len(FakeConsumer.errors)) == (1, 8)


def test_another_error_is_not_waited_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeConsumer, "errors", [KafkaException(KafkaError(KafkaError._FATAL))])
    with pytest.raises(KafkaException, match="_FATAL"):
        group_lag()
    assert FakeConsumer.closed == 1


def test_a_coordinator_is_waited_for_and_what_is_denied_is_left_for_others_to_say(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deny(monkeypatch)
    lag.await_coordinator(SETTINGS, "encode")
    monkeypatch.setattr(lag, "COORDINATOR_S", 0.0)
    with pytest.raises(KafkaException, match="_TIMED_OUT"):
        lag.await_coordinator(SETTINGS, "encode")


def test_a_group_whose_coordinator_has_moved_is_an_error_and_not_the_end_of_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lag, "COORDINATOR_S", 0.0)
    monkeypatch.setattr(FakeConsumer, "errors", [KafkaException(KafkaError(KafkaError.NOT_COORDINATOR))] * 9)
    with pytest.raises(KafkaException, match="NOT_COORDINATOR"):
        group_lag()
    assert FakeConsumer.closed == 1


class FakeAdmin:
    """An admin client that lists the groups of the learner, which has members, and of those who recommend."""

    def __init__(self, *errors: KafkaException) -> None:
        states = {"freshet-learn": ConsumerGroupState.STABLE, "freshet-recommend": ConsumerGroupState.EMPTY}
        self.valid = [SimpleNamespace(group_id=name, state=state) for name, state in states.items()]
        self.errors = errors

    def list_consumer_groups(self) -> "FakeAdmin":
        return self

    def result(self, timeout: float) -> "FakeAdmin":
        assert timeout > 0
        return self


def inhabited_roles(admin: FakeAdmin) -> list[str]:
    return lag.inhabited_roles(admin, SETTINGS)  # type: ignore[arg-type]  # the fake says the same


def test_a_role_has_workers_where_its_group_has_members() -> None:
    assert inhabited_roles(FakeAdmin()) == ["learn"]


def test_nobody_is_told_that_there_are_no_workers_who_may_not_see_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deny(monkeypatch)
    with pytest.raises(KafkaException, match="GROUP_AUTHORIZATION_FAILED"):
        inhabited_roles(FakeAdmin())
    away = KafkaException(KafkaError(KafkaError._TRANSPORT))
    with pytest.raises(KafkaException, match="_TRANSPORT"):
        inhabited_roles(FakeAdmin(away))


def test_a_status_that_may_not_see_how_far_workers_are_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    deny(monkeypatch)
    with pytest.raises(KafkaException, match="GROUP_AUTHORIZATION_FAILED"):
        role_lag(None, SETTINGS, "encode")  # type: ignore[arg-type]  # the fake asks nobody


def test_the_oldest_unread_record_came_after_the_last_look_that_saw_no_more_than_what_is_read() -> None:
    ages = lag.UnreadAges()
    place = ("media", 0)
    assert ages.look(place, committed=10, end=10, now_s=100.0) == 0.0
    assert ages.look(place, committed=10, end=30, now_s=105.0) == 5.0
    assert ages.look(place, committed=10, end=50, now_s=110.0) == 10.0
    assert ages.look(place, committed=30, end=50, now_s=115.0) == 10.0
    assert ages.look(place, committed=50, end=50, now_s=120.0) == 0.0
    assert ages.look(("media", 1), committed=0, end=9, now_s=120.0) == 0.0
