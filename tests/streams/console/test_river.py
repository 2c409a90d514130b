import asyncio

import pytest

from streams.console import river
from streams.status import TopicLag
from tests.streams.console.served import Served


def test_kafka_being_away_for_a_while_does_not_end_what_follows_it(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = [3, None, 7]

    def lag(_admin: object, _settings: object, role: str) -> list[TopicLag]:
        if role != "learn":
            return []
        seen.append([row.lag_events for row in served.river.now(0.0).lag])
        if not looks:
            msg = "looked often enough"
            raise RuntimeError(msg)
        if (look := looks.pop(0)) is None:
            raise TimeoutError
        return [TopicLag(role, "examples", look, 10)]

    seen: list[list[int]] = []
    monkeypatch.setattr(river, "role_lag", lag)
    monkeypatch.setattr(river, "LAG_S", 0.0)
    with pytest.raises(RuntimeError, match="often enough"):
        asyncio.run(served.river._look_at_lag())
    assert seen == [[], [3], [3], [7]]
