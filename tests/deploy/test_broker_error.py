import re
from pathlib import Path

import pytest

from deploy.broker_error import BrokerError, cause_of_death, writing


@pytest.mark.parametrize(
    ("line", "meaning"),
    [
        ("java.io.IOException: No space left on device", "the disk is full"),
        ("java.nio.file.AccessDeniedException: /data/meta", "the data folder is not writable"),
        (
            "org.apache.kafka.common.KafkaException: Socket server failed to bind to 127.0.0.1:1",
            "a port is in use",
        ),
        (
            "KafkaException: Failed to acquire lock on file .lock in /data",
            "another broker uses the data folder",
        ),
        ("java.lang.OutOfMemoryError: Java heap space", "not enough memory for its heap"),
        ("2026-01-01 00:00:00,000 ERROR Broker: sunspots", "2026-01-01 00:00:00,000 ERROR Broker: sunspots"),
    ],
)
def test_a_dead_brokers_log_is_told_in_one_line(tmp_path: Path, line: str, meaning: str) -> None:
    (tmp_path / "kafka.out").write_text("WARNING: harmless\n")
    (tmp_path / "kafka.log").write_text(f"2026-01-01 INFO an Exception, harmless\n{line}\n INFO stopped\n")
    assert cause_of_death(tmp_path) == f"{meaning} (see {tmp_path})"


def test_what_the_jvm_said_itself_counts_before_an_older_log(tmp_path: Path) -> None:
    (tmp_path / "kafka.out").write_text("Error: Could not find or load main class kafka.Kafka\n")
    (tmp_path / "kafka.log").write_text("No space left on device\n")
    assert "Could not find or load main class" in cause_of_death(tmp_path)


def test_a_broker_that_said_nothing_was_killed(tmp_path: Path) -> None:
    assert cause_of_death(tmp_path) == f"it was killed: it said nothing (see {tmp_path})"


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    expected = re.escape(f"cannot write {tmp_path}: Not a directory")
    with pytest.raises(BrokerError, match=expected), writing(tmp_path):
        (tmp_path / "file" / "below").touch()
