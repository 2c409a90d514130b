"""When faults happen, how many, and what is wrong where an event was lost on its way home."""

from pathlib import Path
from typing import Any

import pytest

from streams.settings import Settings
from streams.soak import run, shoppers
from streams.soak.reference import LogRecord, Reference
from streams.soak.run import Soak
from streams.soak.shoppers import Shoppers
from tests.flow.test_soak_reference import NoProducer


class Clock:
    """Time that passes only where somebody waits."""

    def __init__(self) -> None:
        self.now_s = 5_000.0

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds


class SlowFaults:
    """Faults that each last as long as they are told to."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self._seconds = clock, seconds

    def _fault(self) -> str:
        self._clock.sleep(self._seconds)
        return "fault"

    def restore_topic(self) -> str:
        return "restored"

    def script(self) -> list[Any]:
        return [self._fault] * 3

    def last(self) -> list[Any]:
        return [lambda: "last"]


@pytest.mark.parametrize(("lasting_s", "faults"), [(1.0, 7), (40.0, 1)])
def test_faults_happen_for_the_time_asked_for_and_the_topic_is_restored_once(
    lasting_s: float, faults: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "time", clock := Clock())
    soak = Soak(Settings(home=tmp_path), 1, 0.5, 10, 3, lambda _: None)
    fake: Any = SlowFaults(clock, lasting_s)
    log = soak._disturb(fake)
    assert (log.count("fault"), log.count("restored"), log[-1]) == (faults, 1, "last")


def test_a_soak_whose_workers_gave_up_looks_for_none_to_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "time", clock := Clock())
    soak = Soak(Settings(home=tmp_path), 1, 0.5, 10, 3, lambda _: None)
    soak._failed.append(RuntimeError("a worker gives up"))
    fake: Any = SlowFaults(clock, 1.0)
    assert soak._disturb(fake) == []


def test_an_event_that_was_never_sent_home_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(kafka="nowhere:1")
    log: list[tuple[bytes, int]] = []

    def produce(_producer: object, topic: str, value: bytes, _key: str, partition: int) -> None:
        if topic == "interactions":
            log.append((value, partition))

    monkeypatch.setattr(shoppers, "Producer", NoProducer)
    monkeypatch.setattr(shoppers, "produce_with_room", produce)
    shopping = Shoppers(settings, 1)
    shopping.send(2_000)
    records = [
        LogRecord("interactions", "id", partition, offset, 0, None, value)
        for offset, (value, partition) in enumerate(log)
    ]
    reference = Reference(settings)
    reference.apply(records)
    nothing: Any = None
    said = next(run._problems(settings, nothing, reference, shopping.sent_count))
    assert said.endswith("of 2,000 events never came home")
    everywhere = [
        LogRecord("interactions", "id", home, len(log) + offset, 0, None, value)
        for offset, (value, _) in enumerate(log)
        for home in range(settings.partitions)
    ]
    reference.apply(everywhere)
    assert len(reference.event_ids) == shopping.sent_count
