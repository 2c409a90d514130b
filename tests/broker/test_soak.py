"""Two minutes of faults on a broker of its own; `freshet soak --minutes 10` is the same for longer."""

from pathlib import Path

import pytest

from streams.settings import Settings
from streams.soak.run import Soak


@pytest.mark.timeout(600)
def test_nothing_is_lost_or_counted_twice_through_two_minutes_of_faults(tmp_path: Path) -> None:
    result = Soak(Settings(home=tmp_path), seed=1, minutes=2, rate=500, pause_s=3, say=lambda _: None).run()
    assert result.problems == []
    assert len(result.faults) >= 8
    assert result.events > 20_000
