"""How to reach Kafka: one place for addresses, TLS and SASL, and for what all readers and single records need."""

import logging
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from operator import methodcaller
from typing import Any, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from cryptography import x509

from deploy.embedded_kafka import running_bootstrap
from streams.settings import Settings, SettingsError

FOLLOWERS = "freshet-follower-without-commits"
"""The group that clients name who commit nothing; nobody ever joins it."""

_QUIET = logging.getLogger("freshet.librdkafka")
_QUIET.setLevel(logging.CRITICAL)

DENIALS = (
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
)
_ASK_S = 1.0
_ANSWER_S = 10.0
"""An admin client asks again until then."""
_T = TypeVar("_T")
LEADER_S = 10.0
"""A partition that was just made, or whose broker was away, takes a moment to get a leader."""
_OTHER_LEADER = (
    KafkaError._NOENT, KafkaError._UNKNOWN_PARTITION, KafkaError.LEADER_NOT_AVAILABLE,
    KafkaError.NOT_LEADER_FOR_PARTITION, KafkaError.FENCED_LEADER_EPOCH, KafkaError.UNKNOWN_LEADER_EPOCH,
)  # fmt: skip

_headers = methodcaller("headers")
"""At a name that is no UTF-8 confluent_kafka 2.16 gives an error and, beside it, a list with a hole. Of a method that
is called through this CPython notices both; called plainly it may hand out the list, whose use ends the process."""


class KafkaUnavailableError(ConnectionError):
    """The cluster cannot be reached; the message says which address and what to try."""


class AccessDeniedError(RuntimeError):
    """The cluster doesn't let this client in, or not do what it has to; the message says who may not do what."""


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
        SettingsError: As `ssl_context`, or there is no Kafka.
    """
    ssl_context(settings)  # what librdkafka says of a bad file names no setting
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
    return config | {key: str(path) for key, path in files.items() if path is not None}


def ssl_context(settings: Settings) -> ssl.SSLContext | None:
    """What Python's own clients check the cluster by, and show it; None where nothing is encrypted.

    Raises:
        SettingsError: A file is missing, or not what it should be.
    """
    if settings.kafka_security_protocol not in ("SSL", "SASL_SSL"):
        return None
    authorities, certificate, key = (
        settings.kafka_ssl_cafile, settings.kafka_ssl_certfile, settings.kafka_ssl_keyfile
    )  # fmt: skip
    try:
        context = ssl.create_default_context(cafile=authorities)
    except OSError as exc:
        msg = f"FRESHET_KAFKA_SSL_CAFILE, {authorities}: {_why(exc)}; it is a PEM file of certificates"
        raise SettingsError(msg) from None
    if certificate is not None:
        try:
            # Without a password, OpenSSL would ask the terminal for that of an encrypted key.
            context.load_cert_chain(certificate, key, password="")
        except OSError as exc:
            msg = (
                f"FRESHET_KAFKA_SSL_CERTFILE and _KEYFILE, {certificate} and {key}: {_why(exc)}; they are PEM files of "
                "a certificate and of its private key, which is not encrypted"
            )
            raise SettingsError(msg) from None
    return context


def _why(error: OSError) -> str:
    """What is wrong with a file; of one that is no PEM OpenSSL gives no reason."""
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return (reason or "cannot be read").lower().replace("_", " ")


def asyncio_config(settings: Settings) -> dict[str, Any]:
    """Settings that every client of aiokafka shares.

    Raises:
        SettingsError: As `client_config`.
    """
    config = {
        "bootstrap_servers": bootstrap_servers(settings),
        "client_id": "freshet",
        "security_protocol": settings.kafka_security_protocol,
        "ssl_context": ssl_context(settings),
    }
    if settings.kafka_security_protocol.startswith("SASL"):
        config["sasl_mechanism"] = settings.kafka_sasl_mechanism
        config["sasl_plain_username"] = settings.kafka_sasl_username
        config["sasl_plain_password"] = settings.kafka_sasl_password.get_secret_value()
    return config


def reader_config(settings: Settings) -> dict[str, Any]:
    """Settings of consumers that choose their own partitions and commit nothing.

    Raises:
        SettingsError: As `client_config`.
    """
    return client_config(settings) | {"group.id": FOLLOWERS, "enable.auto.commit": False}


def of_leaders(client: Consumer | AdminClient, ask: Callable[[], _T]) -> _T:
    """What the brokers answer that lead partitions, for which is waited up to LEADER_S.

    librdkafka asks whom it took for the leader last, for minutes also once it was told that this is outdated: asking
    for metadata renews it.

    Raises:
        KafkaException: Kafka does not answer, or partitions have no leader.
    """
    deadline_s = time.monotonic() + LEADER_S
    while True:
        try:
            return ask()
        except KafkaException as exc:
            if exc.args[0].code() not in _OTHER_LEADER or time.monotonic() > deadline_s:
                raise
        client.list_topics(timeout=10)
        time.sleep(0.1)


def next_places(consumer: Consumer, topic: str, partitions: Iterable[int]) -> list[TopicPartition]:
    """Where the next record of each partition will lie: to be assigned, for what comes from now on.

    Raises:
        KafkaException: Kafka does not answer.
    """
    places = [TopicPartition(topic, partition) for partition in partitions]
    for place in places:
        ask = partial(consumer.get_watermark_offsets, place, timeout=10)
        _, place.offset = of_leaders(consumer, ask)
    return places


def produce_one(
    producer: Producer, topic: str, key: bytes, value: bytes, partition: int, wait_s: float
) -> Message:
    """Writes one record and waits for it.

    Returns:
        The record as Kafka acknowledged it.

    Raises:
        KafkaException: It was not accepted, or not acknowledged within `wait_s`.
    """
    reports: list[tuple[KafkaError | None, Message]] = []
    producer.produce(
        topic, value, key, partition, on_delivery=lambda error, message: reports.append((error, message))
    )
    producer.flush(wait_s)
    if not reports:
        raise KafkaException(KafkaError(KafkaError._TIMED_OUT, f"{topic}: not acknowledged in {wait_s:g} s"))
    error, message = reports[0]
    if error is not None:
        raise KafkaException(error)
    return message


def produce_with_room(
    producer: Producer,
    topic: str,
    value: bytes | None,
    key: str | bytes | None,
    partition: int = -1,
    timestamp_ms: int = 0,
) -> None:
    """Queues a record, and waits where the producer's queue is full; without a timestamp it gets the time of now."""
    while True:
        try:
            producer.produce(topic, value, key, partition, timestamp=timestamp_ms)
        except BufferError:
            producer.poll(0.1)
        else:
            return


def admin_client(settings: Settings) -> AdminClient:
    """An admin client of a cluster that answers.

    Raises:
        KafkaUnavailableError: Nothing answered in time.
        AccessDeniedError: The cluster refuses the certificate or the password, or is not the one that is trusted.
    """
    config = client_config(settings)
    heard: deque[KafkaError] = deque(maxlen=100)
    admin = AdminClient(config | {"error_cb": heard.append})
    deadline_s = time.monotonic() + _ANSWER_S
    while True:
        try:
            admin.list_topics(timeout=_ASK_S)
        except KafkaException as exc:
            # What was wrong with a certificate or a password is told to the callback alone.
            admin.poll(0)
            for error in heard:
                _refuse_entry(settings, error)
            if time.monotonic() > deadline_s:
                msg = (
                    f"Kafka at {config['bootstrap.servers']} does not answer within {_ANSWER_S:g} s "
                    f"({exc.args[0].str()}): is it running, and is {settings.kafka_security_protocol} right?"
                )
                raise KafkaUnavailableError(msg) from None
        else:
            return admin


def _refuse_entry(settings: Settings, error: KafkaError) -> None:
    reason = error.str().rsplit(" (after ", 1)[0]
    if error.code() == KafkaError._AUTHENTICATION:
        check = "are FRESHET_KAFKA_SASL_USERNAME, _PASSWORD and _MECHANISM right?"
    elif error.code() == KafkaError._SSL or "SSL routines" in reason:
        check = "is FRESHET_KAFKA_SSL_CAFILE the cluster's authority, and FRESHET_KAFKA_SSL_CERTFILE one it trusts?"
    else:
        return
    msg = f"Kafka and {principal(settings)} do not get together: {reason}; {check}"
    raise AccessDeniedError(msg)


def principal(settings: Settings) -> str:
    """Who this client is to the cluster, as far as that can be known here."""
    if settings.kafka_security_protocol.startswith("SASL"):
        return f"User:{settings.kafka_sasl_username}"
    if settings.kafka_security_protocol == "SSL" and settings.kafka_ssl_certfile is not None:
        certificate = x509.load_pem_x509_certificate(settings.kafka_ssl_certfile.read_bytes())
        return f"the certificate {certificate.subject.rfc4514_string()}"
    return "User:ANONYMOUS"


def headers_of(message: Message) -> list[tuple[str, bytes | None]]:
    """A record's headers; none where the name of one is no UTF-8."""
    try:
        return _headers(message) or []
    except SystemError:  # of an error beside a result
        return []


def denial(settings: Settings, error: KafkaError, doing: str) -> AccessDeniedError | None:
    """An error that says who may not do what, if that is what Kafka's error means."""
    return access_denied(settings, doing) if error.code() in DENIALS else None


def access_denied(settings: Settings, doing: str) -> AccessDeniedError:
    """An error that says who may not do what, and what to try."""
    return AccessDeniedError(
        f"{principal(settings)} may not {doing}; `freshet topics acls` says what to grant"
    )
