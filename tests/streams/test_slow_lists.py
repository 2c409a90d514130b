import pytest

from streams.slow_lists import LOG_EVERY_S, SLOW_S, SlowLists


def test_one_slow_list_is_named_now_and_then_and_the_others_are_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now_s = 5.0
    slow = SlowLists(lambda: now_s)
    slow.note("interactions-3-88-0", SLOW_S - 0.01)
    slow.note("interactions-3-89-1", SLOW_S + 0.5)
    for number in range(3):
        slow.note(f"unnamed-{number}", 9.0)
    now_s += LOG_EVERY_S
    slow.note("interactions-3-90-0", 2.0)
    assert [record.getMessage() for record in caplog.records] == [
        "a list came 1.5 s after its event, and 0 more were slow before it: see `freshet trace interactions-3-89-1`",
        "a list came 2.0 s after its event, and 3 more were slow before it: see `freshet trace interactions-3-90-0`",
    ]
