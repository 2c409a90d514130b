import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from streams.cli.ending import ended_in_order


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_told_to_end_takes_down_what_was_set_up_and_only_once(
    number: int, request: pytest.FixtureRequest
) -> None:
    # Tests may run under nohup.
    before = signal.signal(number, signal.SIG_DFL)
    request.addfinalizer(lambda: signal.signal(number, before))
    taken_down = []

    @contextmanager
    def set_up() -> Iterator[None]:
        try:
            yield
        finally:
            os.kill(os.getpid(), number)
            taken_down.append(number)

    with pytest.raises(KeyboardInterrupt), ended_in_order(), set_up():
        os.kill(os.getpid(), number)
    assert taken_down == [number]
    assert signal.getsignal(number) == signal.SIG_DFL


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with ended_in_order():
            os.kill(os.getpid(), signal.SIGHUP)
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
