import pytest

from streams.time_share import TimeShare


@pytest.mark.parametrize(("share", "rest_s"), [(0.1, 9.0), (0.5, 1.0), (1.0, 0.0)])
def test_after_a_turn_it_rests_until_the_turn_was_its_share(share: float, rest_s: float) -> None:
    now_s = 100.0
    time_share = TimeShare(share, lambda: now_s)
    assert time_share.is_free()
    with time_share.turn():
        now_s += 1.0
    if rest_s:
        now_s += rest_s - 0.001
        assert not time_share.is_free()
        now_s += 0.002
    assert time_share.is_free()
