"""What an operator can mend is one line that names it, and an exit code: here, what shows without Kafka."""

from pathlib import Path

import pytest

from deploy.ports import free_port
from streams.cli.errors import EXIT_CONFIGURATION, EXIT_UNAVAILABLE
from tests.streams.failures import Failure, fail


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        (
            {"kafkka": "localhost:9092"},
            "unknown setting FRESHET_KAFKKA: did you mean FRESHET_KAFKA?",
        ),
        (
            {"partitions": "many"},
            "FRESHET_PARTITIONS: Input should be a valid integer, unable to parse string as an integer, got 'many'",
        ),
        (
            {"topic_prefix": "a b"},
            "FRESHET_TOPIC_PREFIX: String should match pattern '^[a-zA-Z0-9._-]*$', got 'a b'",
        ),
        (
            {"kafka_security_protocol": "SASL_SSL"},
            "settings: kafka_security_protocol is SASL_…, but kafka_sasl_username is empty",
        ),
    ],
)
@pytest.mark.parametrize("role", ["recommend", "all"])
def test_bad_settings(settings: dict[str, str], line: str, role: str) -> None:
    assert fail("worker", role, **settings) == Failure(EXIT_CONFIGURATION, line)


def test_no_kafka_at_all(tmp_path: Path) -> None:
    assert fail("worker", "all", home=str(tmp_path)) == Failure(
        EXIT_CONFIGURATION,
        "no Kafka: FRESHET_KAFKA is not set and no embedded broker runs in "
        f"{tmp_path}/broker; try `freshet broker start`",
    )


def test_an_unreachable_broker() -> None:
    address = f"127.0.0.1:{free_port()}"
    failed = fail("worker", "recommend", kafka=address)
    assert failed.code == EXIT_UNAVAILABLE
    assert failed.line.startswith(f"Kafka at {address} does not answer within 10 s (")
    assert failed.line.endswith("): is it running, and is PLAINTEXT right?")


def test_a_certificate_that_is_not_there(tmp_path: Path) -> None:
    failed = fail(
        "worker",
        "all",
        kafka="127.0.0.1:1",
        kafka_security_protocol="SSL",
        kafka_ssl_cafile=f"{tmp_path}/ca.pem",
    )
    assert failed == Failure(
        EXIT_CONFIGURATION,
        f"FRESHET_KAFKA_SSL_CAFILE, {tmp_path}/ca.pem: no such file or directory; it is a PEM file of certificates",
    )
