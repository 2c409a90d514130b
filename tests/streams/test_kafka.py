from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer

from deploy.certificates import Authority
from streams.kafka import denial, principal, produce_one
from streams.settings import Settings


def test_a_principal_is_named_as_far_as_it_is_known_here(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).issue("learn")
    by_certificate = Settings(
        kafka_security_protocol="SSL", kafka_ssl_certfile=certificate, kafka_ssl_keyfile=key
    )
    by_password = Settings(kafka_security_protocol="SASL_SSL", kafka_sasl_username="ada")
    assert principal(by_certificate) == "the certificate CN=learn"
    assert principal(by_password) == "User:ada"
    assert principal(Settings()) == "User:ANONYMOUS"


def test_a_denial_says_who_may_not_do_what_and_nothing_else_is_one() -> None:
    denied = denial(Settings(), KafkaError(KafkaError.TOPIC_AUTHORIZATION_FAILED), "write to topic model")
    assert str(denied) == (
        "User:ANONYMOUS may not write to topic model; `freshet topics acls` says what to grant"
    )
    assert denial(Settings(), KafkaError(KafkaError.LEADER_NOT_AVAILABLE), "write") is None


def test_a_record_that_nobody_acknowledges_is_an_error() -> None:
    nowhere = Producer({"bootstrap.servers": "127.0.0.1:1", "log_level": 0})
    with pytest.raises(KafkaException, match=r"requests: not acknowledged in 0\.1 s"):
        produce_one(nowhere, "requests", b"key", b"value", 0, wait_s=0.1)
