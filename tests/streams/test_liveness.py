from streams.liveness import EXIT_FROZEN, Liveness


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def test_standing_still_for_too_long_ends_the_process_before_it_writes() -> None:
    clock, left = Clock(), list[int]()
    liveness = Liveness(5.0, clock, left.append)
    liveness.check()
    clock.now_s += 4.9
    liveness.check()
    assert left == []
    clock.now_s += 5.1
    liveness.check()
    assert left == [EXIT_FROZEN]


def test_time_before_the_first_check_does_not_count() -> None:
    clock, left = Clock(), list[int]()
    liveness = Liveness(5.0, clock, left.append)
    clock.now_s += 60
    liveness.check()
    assert left == []
