"""Five minutes of faults on a broker of its own; `freshet soak --minutes 60` is the same for longer."""

from pathlib import Path

import pytest

from streams.settings import Settings
from streams.soak.run import Soak


@pytest.mark.timeout(900)
def test_nothing_is_lost_or_counted_twice_through_five_minutes_of_faults(tmp_path: Path) -> None:
    result = Soak(Settings(home=tmp_path), seed=1, minutes=5, rate=300, pause_s=3, say=lambda _: None).run()
    assert result.problems == []
    assert len(result.faults) >= 20
    assert result.events > 30_000
