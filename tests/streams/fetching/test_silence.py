import pytest

from streams.fetching.errors import MediumError
from streams.fetching.silence import COOLING_S, HOST_LIMIT, PATIENCE_COUNT, SilentHosts


class Clock:
    s = 0.0

    def __call__(self) -> float:
        return self.s


def test_a_host_is_left_alone_after_some_silence_and_asked_again_later() -> None:
    clock = Clock()
    hosts = SilentHosts(clock)
    for _ in range(PATIENCE_COUNT):
        hosts.check("a")
        hosts.unheard("a")
    clock.s = 10.0
    with pytest.raises(
        MediumError, match="a did not answer 5 times in a row and is left alone for 30 s"
    ) as raised:
        hosts.check("a")
    assert raised.value.transient
    assert raised.value.retry_after_s == COOLING_S - 10.0
    hosts.check("b")
    clock.s = COOLING_S
    hosts.check("a")
    hosts.unheard("a")
    with pytest.raises(MediumError, match="6 times"):
        hosts.check("a")


def test_any_answer_makes_up_for_the_silence() -> None:
    hosts = SilentHosts(Clock())
    for _ in range(PATIENCE_COUNT - 1):
        hosts.unheard("a")
    hosts.heard("a")
    hosts.unheard("a")
    hosts.check("a")


def test_only_so_many_hosts_are_remembered() -> None:
    hosts = SilentHosts(Clock())
    for number in range(HOST_LIMIT + 10):
        hosts.unheard(str(number))
    assert len(hosts._hosts) == HOST_LIMIT
    assert "9" not in hosts._hosts
