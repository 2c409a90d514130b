import itertools
from typing import Any

import pytest

from streams.fuzz import sending
from streams.fuzz.sending import BACKLOG, STALL_S, Sender
from streams.settings import Settings

START_S = 1_000.0


class Clock:
    """Time that passes only where somebody waits; nobody waits for ever."""

    def __init__(self) -> None:
        self.now_s = START_S

    def monotonic(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        assert self.now_s < START_S + 10 * STALL_S, "it waits for workers that do nothing"


class NoProducer:
    """Kafka that takes everything at once."""

    def __init__(self, _config: object) -> None:
        """Nothing is sent by it."""

    def poll(self, _timeout: float) -> int:
        return 0

    def produce(self, *_: object, **_headers: object) -> None:
        """Taken."""

    def flush(self, _timeout: float) -> int:
        return 0


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(sending, "time", made)
    monkeypatch.setattr(sending, "Producer", NoProducer)
    monkeypatch.setattr(sending, "admin_client", lambda _: None)
    return made


def _send(lag: Any, monkeypatch: pytest.MonkeyPatch) -> int:  # noqa: ANN401  # a function
    monkeypatch.setattr(sending, "group_lag", lag)
    return Sender(Settings(kafka="nowhere:1"), 1, 1.0).send(1_000, lambda: False, lambda _: None)


def test_a_role_that_stands_still_before_a_backlog_ends_the_sending(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = itertools.count()

    def lag(_admin: object, _settings: object, role: str) -> dict[tuple[str, int], tuple[int, int]]:
        committed = 0 if role == "encode" else next(honest)
        return {("t", 0): (committed, committed + (2 * BACKLOG if role == "encode" else 1))}

    assert _send(lag, monkeypatch) < 1_000


def test_workers_that_get_further_slowly_are_waited_for(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lag(*_: object) -> dict[tuple[str, int], tuple[int, int]]:
        return {("t", 0): (worked := int(50 * (clock.now_s - START_S)), max(worked, 2 * BACKLOG))}

    assert _send(lag, monkeypatch) == 1_000
    assert clock.now_s > START_S + 2 * STALL_S
