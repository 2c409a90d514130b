"""Every role on a cluster with TLS, passwords, certificates and ACLs; and everybody else, who gets nowhere."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from faust.auth import SASLCredentials
from kafka import KafkaConsumer, KafkaProducer
from kafka.errors import KafkaError

from deploy.certificates import Authority
from streams import access
from streams.app import credentials
from streams.asking import Asker, read_list
from streams.erasing import Eraser
from streams.events import Request
from streams.kafka import AccessDeniedError, admin_client, client_config
from streams.settings import PREFIX, Settings, to_environ
from streams.status import read_status
from streams.topics import TopicsError, partition_count
from tests.broker.river import SETTLE_S, wait_for
from tests.broker.secured import PREFIX_OF_TOPICS, Secured, worker
from tests.streams.failures import fail

WORKERS = {"encode": "DEBUG", "learn": "INFO", "recommend": "INFO"}
"""What each says. Where everything is said, compiling what recommends takes minutes."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    made = Secured(tmp_path_factory.mktemp("secured"))
    try:
        made.start()
        yield made
    finally:
        made.broker.stop()


def kafka_python(settings: Settings) -> dict[str, Any]:
    """A SCRAM user's settings as kafka-python takes them."""
    return {
        "bootstrap_servers": settings.kafka, "security_protocol": "SASL_SSL",
        "sasl_mechanism": settings.kafka_sasl_mechanism, "sasl_plain_username": settings.kafka_sasl_username,
        "sasl_plain_password": settings.kafka_sasl_password.get_secret_value(),
        "ssl_cafile": str(settings.kafka_ssl_cafile), "bootstrap_timeout_ms": 3_000,
    }  # fmt: skip


def event(number: int, user_id: str) -> dict[str, Any]:
    return {
        "event_id": f"{user_id}-{number}", "user_id": user_id, "item_id": f"film-{number % 8}", "action": "like",
        "timestamp_ms": 1_700_000_000_000 + number,
    }  # fmt: skip


@pytest.mark.parametrize("how", ["password", "certificate"])
def test_every_role_does_its_work_with_what_it_was_granted_and_no_secret_shows(
    cluster: Secured, tmp_path: Path, how: str
) -> None:
    as_user = cluster.by_password if how == "password" else cluster.by_certificate
    user = f"anna-{how}"
    home = tmp_path / "home"
    producing = cluster.by_password("producer")
    with ExitStack() as stack:
        running = {
            role: stack.enter_context(
                worker(role, as_user(role, home=home, log_level=says), tmp_path / f"{role}.log")
            )
            for role, says in WORKERS.items()
        }

        def text(role: str) -> str:
            return (tmp_path / f"{role}.log").read_text()

        def logs() -> str:
            return "".join(text(role)[-1500:] for role in WORKERS)

        wait_for(lambda: all("assigned" in text(role) for role in WORKERS), 120, logs)
        stranger = KafkaProducer(**kafka_python(producing))
        for number in range(40):
            for user_id in (user, f"ben-{number}"):
                value = json.dumps(event(number, user_id)).encode()
                stranger.send(f"{PREFIX_OF_TOPICS}interactions", value, user_id.encode()).get(timeout=20)
        stranger.close()
        ours = Producer(client_config(as_user("producer")))
        for number in range(8):
            film = {"item_id": f"film-{number}", "title": f"Film {number}", "timestamp_ms": 1_700_000_000_000}
            ours.produce(f"{PREFIX_OF_TOPICS}media", json.dumps(film).encode(), f"film-{number}")
        assert ours.flush(20) == 0

        wait_for(lambda: read_list(as_user("subscriber"), user) is not None, 60, logs)
        asker = Asker(as_user("asker"))
        asked = asker.ask(Request(request_id=f"r-{how}", user_id=user), 30)
        assert asked.error is None
        asker.close()
        # A title only comes from what encode made of the media.
        consumer = KafkaConsumer(
            f"{PREFIX_OF_TOPICS}items", auto_offset_reset="earliest", consumer_timeout_ms=20_000,
            **kafka_python(cluster.by_password("reader")),
        )  # fmt: skip
        assert b"Film" in next(iter(consumer)).value
        consumer.close()

        def learned() -> bool:
            reading = as_user("reader")
            status = asyncio.run(read_status(admin_client(reading), reading))
            return status.model is not None and status.applied != [] and status.applied == status.learned

        wait_for(learned, SETTLE_S, logs)
        eraser = Eraser(as_user("eraser"))
        (receipt,) = eraser.receipts({eraser.ask("ben-1").request_id}, 60)
        assert receipt.user_id == "ben-1"
        eraser.close()
        if how == "password":
            _revoke_while_they_run(cluster, running, tmp_path)
    written = "".join(path.read_text() for path in tmp_path.glob("*.log"))
    assert [word for word in cluster.passwords.values() if word in written] == []


def _revoke_while_they_run(cluster: Secured, running: dict[str, Any], logs: Path) -> None:
    """Nobody sees a password in the process list; and a worker that loses a permission ends and says so."""
    taken = {"encode": "items", "learn": "model", "recommend": "responses"}
    for role, base in taken.items():
        arguments = Path(f"/proc/{running[role].pid}/cmdline").read_text()
        assert [word for word in cluster.passwords.values() if word in arguments] == []
        cluster.revoke(access.Permission("topic", PREFIX_OF_TOPICS + base, "Write"), f"User:{role}")
    try:
        for role, base in taken.items():
            assert running[role].wait(40) == 2
            lines = (logs / f"{role}.log").read_text().splitlines()
            ready, said = [line for line in lines if line.startswith("freshet: ")]
            assert ready.startswith(
                f"freshet: {role} worker {running[role].pid} of {PREFIX_OF_TOPICS} is ready: "
            )
            assert said.startswith(f"freshet: User:{role} ")
            assert f"topic {PREFIX_OF_TOPICS}{base}" in said
            assert "freshet topics acls" in said
    finally:
        for role in taken:
            access.grant(cluster.admin, cluster.as_admin(), role, f"User:{role}")


@pytest.mark.parametrize("role", WORKERS)
def test_each_permission_that_is_missing_is_named(cluster: Secured, role: str) -> None:
    settings, whose = cluster.by_password(role), f"User:{role}"
    admin = admin_client(settings)
    needed = access.permissions(settings, role)
    wait_for(lambda: access.lacking(admin, settings, role) == [], 10, lambda: "not granted")
    # Who may read or write may describe, whatever else was said.
    implied = {(p.name, "Describe") for p in needed if p.operation in ("Read", "Write")}
    for permission in (p for p in needed if (p.name, p.operation) not in implied):
        cluster.revoke(permission, whose)
        wait_for(partial(_lacks, admin, settings, role, permission), 10, permission.__str__, 0.02)
        with pytest.raises(
            AccessDeniedError, match=f"^{whose} lacks .*{permission}.*--grant {role}=PRINCIPAL$"
        ):
            access.ensure_access(admin, settings, role)
        for future in cluster.admin.create_acls(access.bindings([permission], whose)).values():
            future.result(timeout=30)
    wait_for(lambda: access.lacking(admin, settings, role) == [], 10, lambda: "not granted again")


def _lacks(admin: AdminClient, settings: Settings, role: str, permission: access.Permission) -> bool:
    return permission in access.lacking(admin, settings, role)


def test_a_worker_without_a_permission_ends_at_once_and_a_client_hears_why(cluster: Secured) -> None:
    environ = {
        k.removeprefix(PREFIX).lower(): v for k, v in to_environ(cluster.by_password("subscriber")).items()
    }
    failed = fail("worker", "learn", **environ)
    assert failed.code == 2
    assert failed.line.startswith(
        "User:subscriber lacks Describe on group kept-freshet-learn, Read on group "
    )
    assert failed.line.endswith(
        "as the admin, grant learn what it needs: freshet topics acls --grant learn=PRINCIPAL"
    )
    with pytest.raises(
        TopicsError, match=r"^kept-requests: not for this client to see; `freshet topics acls` says"
    ):
        partition_count(admin_client(cluster.by_password("subscriber")), cluster.settings(), "requests")


def test_a_wrong_password_certificate_authority_or_name_gets_nowhere(
    cluster: Secured, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other")
    certificate, key = other.issue("admin")
    port = cluster.listeners.ssl.split(":")[1]
    refused = {
        "Authentication failed.*SCRAM.*FRESHET_KAFKA_SASL_USERNAME": cluster.by_password(
            "learn", kafka_sasl_password="guessed"
        ),
        "Invalid username or password": cluster.by_password(
            "learn", kafka_sasl_password="guessed", kafka_sasl_mechanism="PLAIN"
        ),
        "the certificate CN=admin .* alert certificate unknown.*FRESHET_KAFKA_SSL_CERTFILE": cluster.by_certificate(
            "admin", kafka_ssl_certfile=certificate, kafka_ssl_keyfile=key
        ),
        "certificate verify failed.*FRESHET_KAFKA_SSL_CAFILE": cluster.by_certificate(
            "admin", kafka_ssl_cafile=other.ca_file
        ),
        "User:ANONYMOUS .* alert": cluster.by_certificate(
            "x", kafka_ssl_certfile=None, kafka_ssl_keyfile=None
        ),
        # The same address, under a name that is not in the broker's certificate.
        "certificate verify failed": cluster.by_certificate("admin", kafka=f"127.1:{port}"),
    }
    for said, settings in refused.items():
        with pytest.raises(AccessDeniedError, match=said) as raised:
            admin_client(settings)
        assert "guessed" not in str(raised.value)
        assert "\n" not in str(raised.value)
    assert admin_client(cluster.by_certificate("admin")).list_topics(timeout=10).topics != {}
    plain = admin_client(cluster.settings(kafka=cluster.broker.bootstrap, kafka_ssl_cafile=None))
    assert plain.list_topics(timeout=10).topics == {}


def test_other_clients_check_as_well(cluster: Secured, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other")
    with pytest.raises(KafkaError):
        KafkaProducer(**kafka_python(cluster.by_password("producer", kafka_ssl_cafile=other.ca_file)))
    with pytest.raises(KafkaError):
        KafkaProducer(**kafka_python(cluster.by_password("producer", kafka_sasl_password="guessed")))
    port = cluster.listeners.sasl_ssl.split(":")[1]
    for wrong in ({"kafka_ssl_cafile": other.ca_file}, {"kafka": f"127.1:{port}"}):
        with pytest.raises(KafkaConnectionError):
            asyncio.run(_connect_as_faust_does(cluster.by_password("producer", **wrong)))
    asyncio.run(_connect_as_faust_does(cluster.by_password("producer")))


async def _connect_as_faust_does(settings: Settings) -> None:
    given = credentials(settings)
    assert isinstance(given, SASLCredentials)
    producer = AIOKafkaProducer(
        bootstrap_servers=settings.kafka, security_protocol="SASL_SSL", ssl_context=given.ssl_context,
        sasl_mechanism=settings.kafka_sasl_mechanism, sasl_plain_username=given.username,
        sasl_plain_password=given.password,
    )  # fmt: skip
    try:
        await producer.start()
    finally:
        await producer.stop()
