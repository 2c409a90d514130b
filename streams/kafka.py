"""How to reach Kafka: one place for addresses, TLS and SASL."""

import logging
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from deploy.embedded_kafka import running_bootstrap
from streams.settings import Settings, SettingsError

_QUIET = logging.getLogger("freshet.librdkafka")
_QUIET.setLevel(logging.CRITICAL)


class KafkaUnavailableError(ConnectionError):
    """The cluster cannot be reached; the message says which address and what to try."""


def bootstrap_servers(settings: Settings) -> str:
    """The cluster's addresses: the setting, or else the embedded broker that runs in `home`.

    Raises:
        SettingsError: Neither is there.
    """
    if settings.kafka:
        return settings.kafka
    embedded = running_bootstrap(settings.home / "broker")
    if embedded is None:
        msg = (
            f"no Kafka: FRESHET_KAFKA is not set and no embedded broker runs in {settings.home}/broker; "
            "try `freshet broker start`"
        )
        raise SettingsError(msg)
    return embedded


def client_config(settings: Settings) -> dict[str, Any]:
    """Settings that every librdkafka client shares.

    Raises:
        SettingsError: A file is missing, or there is no Kafka.
    """
    config: dict[str, Any] = {
        "bootstrap.servers": bootstrap_servers(settings),
        "security.protocol": settings.kafka_security_protocol,
        "client.id": "freshet",
        "logger": _QUIET,
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        config["sasl.mechanism"] = settings.kafka_sasl_mechanism
        config["sasl.username"] = settings.kafka_sasl_username
        config["sasl.password"] = settings.kafka_sasl_password.get_secret_value()
    files = {
        "ssl.ca.location": settings.kafka_ssl_cafile,
        "ssl.certificate.location": settings.kafka_ssl_certfile,
        "ssl.key.location": settings.kafka_ssl_keyfile,
    }
    for path in files.values():
        if path is not None and not path.is_file():
            msg = f"FRESHET_KAFKA_SSL_…FILE: there is no file {path}"
            raise SettingsError(msg)
    return config | {key: str(path) for key, path in files.items() if path is not None}


def admin_client(settings: Settings, timeout_s: float = 10.0) -> AdminClient:
    """An admin client of a cluster that answers.

    Raises:
        KafkaUnavailableError: Nothing answered within the timeout.
    """
    config = client_config(settings)
    admin = AdminClient(config)
    try:
        admin.list_topics(timeout=timeout_s)
    except KafkaException as exc:
        msg = (
            f"Kafka at {config['bootstrap.servers']} does not answer within {timeout_s:g} s "
            f"({exc.args[0].str()}): is it running, and is {settings.kafka_security_protocol} right?"
        )
        raise KafkaUnavailableError(msg) from None
    return admin
