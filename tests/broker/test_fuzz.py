"""A small share of what `freshet fuzz --messages 1000000` does: hostile messages, real workers, a whole account."""

from pathlib import Path

import pytest

from streams.fuzz.run import Fuzz
from streams.settings import Settings


@pytest.mark.timeout(600)
def test_hostile_messages_do_no_harm_and_none_is_lost(tmp_path: Path) -> None:
    sent = 0

    def on_sent(count: int) -> None:
        nonlocal sent
        sent += count

    result = Fuzz(Settings(home=tmp_path), seed=3, count=2_000, limit_s=120, honest_per_s=20).run(on_sent)
    assert result.problems == []
    assert result.messages == sent > 0
    assert result.refusals.keys() >= {"empty", "invalid", "malformed", "unknown_field"}
    assert all(result.events[topic] for topic in ("interactions", "media", "requests", "erasures"))
    assert {worker.role for worker in result.memory} == {"encode", "learn", "recommend"}
