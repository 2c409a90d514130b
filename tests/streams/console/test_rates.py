"""Rates and percentiles over the last seconds of a clock that the test moves."""

from streams.console.rates import LATENCY_S, RATE_S, Latencies, Rate


def test_a_rate_is_over_whole_seconds_and_forgets() -> None:
    rate = Rate()
    for second in range(30):
        rate.add(3, second + 0.2)
        rate.add(2, second + 0.7)
    assert rate.per_s(30.1) == 5.0
    # The second that has just begun does not count, nor does what is older than the window.
    rate.add(1_000, 30.1)
    assert rate.per_s(30.9) == 5.0
    assert rate.per_s(30.0 + RATE_S / 2) == (5.0 * 5 + 1_000) / RATE_S
    assert rate.per_s(31.0 + RATE_S) == 0.0


def test_percentiles_are_values_that_were_met_lately() -> None:
    taken = Latencies()
    for value in range(1, 101):
        taken.add(value, value / 100)
    assert taken.percentiles((0.5, 0.99, 1.0), 1.0) == [50, 99, 100]
    assert taken.percentiles((0.5,), 0.505 + LATENCY_S) == [75]
    assert taken.percentiles((0.5, 0.99), 100.0) == [None, None]
