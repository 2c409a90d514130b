"""Partitions that change their leader, or have none yet: whoever asks where they end is answered."""

import os
import signal
import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, TopicPartition
from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not in its __all__
    AdminClient,
    NewTopic,
    OffsetSpec,
)

from deploy.embedded_kafka import EmbeddedKafka
from streams import kafka
from streams.kafka import admin_client, next_places, reader_config
from streams.lag import end_offsets
from streams.settings import Settings
from tests.broker.river import wait_for

TOPIC = "led"
SESSION_S = 1.5
"""A broker that says nothing for so long leads no partition any more, until it says something again."""


def create(admin: AdminClient, name: str) -> None:
    admin.create_topics([NewTopic(name, 2, 1)])[name].result(10)


def changed_leaders(broker: EmbeddedKafka, folder: Path) -> None:
    """Lets the broker stand still until it has lost its partitions: which of its clocks wakes first decides."""
    log = folder / "logs" / "kafka.log"
    assert broker.pid is not None
    for number in range(40):
        os.kill(broker.pid, signal.SIGSTOP)
        time.sleep(SESSION_S * (0.8 + number % 8 / 20))
        os.kill(broker.pid, signal.SIGCONT)
        time.sleep(SESSION_S)
        if "handleBrokerFenced: changing" in log.read_text():
            break
    wait_for(lambda: "handleBrokerUnfenced: changing" in log.read_text(), 20, lambda: "no leader changed")


def test_ends_are_found_at_once_and_also_with_another_leader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    properties = {
        "broker.session.timeout.ms": f"{SESSION_S * 1000:.0f}",
        "broker.heartbeat.interval.ms": "1400",
    }
    with EmbeddedKafka(tmp_path / "broker", properties=properties) as broker:
        settings = Settings(kafka=broker.bootstrap, home=tmp_path)
        admin, consumer = admin_client(settings), Consumer(reader_config(settings))
        create(admin, TOPIC)
        assert next_places(consumer, TOPIC, range(2))[1].offset == 0
        assert end_offsets(admin, TOPIC, range(2)) == {0: 0, 1: 0}
        changed_leaders(broker, tmp_path / "broker")
        # Kafka's answer is worth asking again: left alone, librdkafka goes on with the former leader.
        spec = OffsetSpec.latest()  # type: ignore[no-untyped-call]  # has no stubs
        with pytest.raises(KafkaException, match="FENCED_LEADER_EPOCH"):
            admin.list_offsets({TopicPartition(TOPIC, 0): spec})[TopicPartition(TOPIC, 0)].result(10)
        assert end_offsets(admin, TOPIC, range(2)) == {0: 0, 1: 0}
        assert next_places(consumer, TOPIC, range(2))[1].offset == 0
        monkeypatch.setattr(kafka, "LEADER_S", 0.5)
        with pytest.raises(KafkaException):
            next_places(consumer, "no-such-topic", [0])
        consumer.close()
