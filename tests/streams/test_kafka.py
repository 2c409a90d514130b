from pathlib import Path

import pytest
from confluent_kafka import KafkaError, KafkaException, Producer
from cryptography.hazmat.primitives import serialization
from pydantic import SecretStr

from deploy.certificates import Authority
from streams.kafka import asyncio_config, client_config, denial, principal, produce_one
from streams.settings import Settings, SettingsError


def test_a_principal_is_named_as_far_as_it_is_known_here(tmp_path: Path) -> None:
    certificate, key = Authority(tmp_path).issue("learn")
    by_certificate = Settings(
        kafka_security_protocol="SSL", kafka_ssl_certfile=certificate, kafka_ssl_keyfile=key
    )
    by_password = Settings(
        kafka_security_protocol="SASL_SSL",
        kafka_sasl_username="ada",
        kafka_sasl_password=SecretStr("lovelace"),
    )
    assert principal(by_certificate) == "the certificate CN=learn"
    assert principal(by_password) == "User:ada"
    assert principal(Settings()) == "User:ANONYMOUS"


def test_a_file_of_tls_that_is_not_what_it_should_be_is_named(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, key = authority.issue("learn")
    _, of_other = authority.issue("recommend")
    nothing, encrypted = tmp_path / "nothing.pem", tmp_path / "encrypted.key"
    nothing.write_text("what is no PEM")
    plain = serialization.load_pem_private_key(key.read_bytes(), None)
    encrypted.write_bytes(
        plain.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    wrong = {
        "CAFILE, .*nothing.pem: no certificate or crl found; it is a PEM": (nothing, certificate, key),
        "CAFILE, .*missing.pem: no such file": (tmp_path / "missing.pem", certificate, key),
        "_KEYFILE, .*nothing.pem and .*: cannot be read; they are PEM": (authority.ca_file, nothing, key),
        "_KEYFILE, .* and .*nothing.pem: cannot be read": (authority.ca_file, certificate, nothing),
        "_KEYFILE, .*recommend.key: key values mismatch": (authority.ca_file, certificate, of_other),
        "_KEYFILE, .*encrypted.key: .* which is not encrypted$": (authority.ca_file, certificate, encrypted),
    }
    for said, (authorities, shown, secret) in wrong.items():
        settings = Settings(
            kafka="127.0.0.1:1", kafka_security_protocol="SSL", kafka_ssl_cafile=authorities,
            kafka_ssl_certfile=shown, kafka_ssl_keyfile=secret,
        )  # fmt: skip
        for config in (client_config, asyncio_config):
            with pytest.raises(SettingsError, match=f"^FRESHET_KAFKA_SSL_.*{said}"):
                config(settings)


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
