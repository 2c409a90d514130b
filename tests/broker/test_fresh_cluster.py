from pathlib import Path

from deploy.embedded_kafka import EmbeddedKafka
from streams import access, topics
from streams.kafka import admin_client
from streams.lag import await_coordinator
from streams.settings import Settings


def test_a_cluster_that_keeps_no_offsets_yet_is_waited_for(tmp_path: Path) -> None:
    """Asked about a group too early, librdkafka's admin client does not answer, and `lacking` gives up after 30 s."""
    with EmbeddedKafka(tmp_path / "broker") as kafka:
        settings = Settings(home=tmp_path, kafka=kafka.bootstrap)
        topics.create(admin_client(settings), settings)
        await_coordinator(settings, "learn")
        assert access.lacking(admin_client(settings), settings, "learn") == []
