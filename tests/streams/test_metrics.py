import re
import socket
import urllib.request

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.metrics import MetricWrapperBase

from streams import metrics

ALL: dict[str, MetricWrapperBase] = {
    name: value for name, value in vars(metrics).items() if isinstance(value, MetricWrapperBase)
}
BOUNDED = {
    "topic",
    "partition",
    "code",
    "cause",
    "role",
    "modality",
    "list",
    "slice",
    "queue",
    "device",
    "kind",
    "part",
    "segment",
    "measure",
    "arm",
    "change",
    "by",
}
"""Labels whose values are few and known beforehand."""
UNITS = {
    "Age": "seconds",
    "From": "seconds",
    "Seconds": "seconds",
    "Time": "seconds",
    "When": "seconds",
    "Bytes": "bytes",
    "Memory": "bytes",
    "Share": "ratio",
}
"""By the first word of what is said of a metric."""


def test_there_are_metrics() -> None:
    assert {"EVENTS", "REFUSALS", "EVENT_TO_LIST", "LAG_EVENTS"} <= ALL.keys()


@pytest.mark.parametrize("name", ALL)
def test_each_says_what_it_counts_in_a_sentence(name: str) -> None:
    text = ALL[name]._documentation
    assert re.fullmatch(r"[A-Z].{10,}\.", text), f"{name}: {text!r}"


@pytest.mark.parametrize("name", ALL)
def test_labels_are_bounded(name: str) -> None:
    assert set(ALL[name]._labelnames) <= BOUNDED


def test_names_are_unique_and_have_the_prefix() -> None:
    names = [metric._name for metric in ALL.values()]
    assert len(names) == len(set(names))
    assert all(re.fullmatch(r"freshet_[a-z_]+", name) for name in names)


@pytest.mark.parametrize("name", ALL)
def test_a_unit_is_last(name: str) -> None:
    *words, last = ALL[name]._name.split("_")
    assert not {*UNITS.values(), "bits"} & set(words)
    measured = ALL[name]._documentation.split()[0]
    assert last == UNITS.get(measured, last), f"{name}: {measured} …"


def test_each_is_made_once_and_of_one_kind() -> None:
    registry = CollectorRegistry()
    for metric in ALL.values():
        assert isinstance(metric, Counter | Gauge | Histogram | Info)
        registry.register(metric)


def test_they_are_served_on_a_free_port() -> None:
    port = metrics.serve("127.0.0.1", 0)
    metrics.REFUSALS.labels(topic="interactions", code="empty").inc(0)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        assert 'freshet_refusals_total{code="empty",topic="interactions"}' in answer.read().decode()


def test_a_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            OSError,
            match=rf"^the metrics' address 127\.0\.0\.1:{port} cannot be had: .*in use.*FRESHET_METRICS_PORT",
        ):
            metrics.serve("127.0.0.1", port)


def test_an_address_of_another_machine_is_named() -> None:
    with pytest.raises(OSError, match=r"^the metrics' address 192\.0\.2\.1:0 cannot be had: "):
        metrics.serve("192.0.2.1", 0)
