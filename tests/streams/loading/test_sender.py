import pytest

from streams.loading.packing import Message
from streams.loading.sender import Pace, Sender
from streams.producer import NotDeliveredError
from streams.settings import Settings


def test_a_rate_is_kept_on_average_and_a_delay_caught_up() -> None:
    now_s = 100.0
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        nonlocal now_s
        slept.append(seconds)
        now_s += seconds

    pace = Pace(10, lambda: now_s, sleep)
    for turn in range(20):
        if turn == 5:
            now_s += 0.45
        pace.wait()
    assert now_s == pytest.approx(101.9)
    assert len(slept) == 15


def test_what_kafka_does_not_acknowledge_is_an_error_that_says_what_to_do() -> None:
    sender = Sender(Settings(kafka="127.0.0.1:1"), "t-interactions", 1_000_000, delivery_s=0.3)
    sender.send(Message("u1", b"{}", 0, 1))
    with pytest.raises(NotDeliveredError, match=r"t-interactions: Kafka did not .*produce the file again"):
        sender.finish()
