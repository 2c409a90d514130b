"""A cluster that lets nobody do anything unasked, with a user for each role who may do what it needs and no more."""

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from confluent_kafka.admin import (  # type: ignore[attr-defined]  # not all are in its __all__
    AclBindingFilter,
    AdminClient,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from deploy.embedded_kafka import EmbeddedKafka
from deploy.secure_listeners import SecureListeners
from streams import access, topics
from streams.kafka import admin_client
from streams.settings import TEXT_ONLY, Settings, child_environ

PREFIX_OF_TOPICS = "kept-"


class Secured:
    """The cluster as its admin sees it, and settings for everybody else."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.listeners = SecureListeners(folder / "tls", {"plain": "plain-secret"})
        self.broker = EmbeddedKafka(folder / "broker", listeners=self.listeners)
        self.passwords = {role: f"secret-{secrets.token_hex(8)}" for role in access.NEEDS}

    def start(self) -> None:
        """Starts the broker, makes topics, users and certificates, and grants each role what it needs."""
        self.broker.start()
        self.admin: AdminClient = admin_client(self.as_admin())
        topics.create(self.admin, self.as_admin())
        made: list[UserScramCredentialAlteration] = [
            UserScramCredentialUpsertion(role, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), word.encode())
            for role, word in self.passwords.items()
        ]  # fmt: skip
        for future in self.admin.alter_user_scram_credentials(made).values():
            future.result(timeout=30)
        for role in access.NEEDS:
            access.grant(self.admin, self.as_admin(), role, f"User:{role}")

    def settings(self, **more: Any) -> Settings:  # noqa: ANN401  # settings
        common: dict[str, Any] = {
            "kafka_ssl_cafile": self.listeners.authority.ca_file,
            "topic_prefix": PREFIX_OF_TOPICS, "partitions": 2, "home": self.folder / "home",
            "text_encoder": "hashing", "item_capacity": 4096, "session_timeout_s": 6, "snapshot_interval_s": 1,
            **TEXT_ONLY,
        }  # fmt: skip
        return Settings(**(common | more))

    def as_admin(self) -> Settings:
        """The super user, by PLAIN."""
        return self.by_password(
            "admin", kafka_sasl_password=self.listeners.admin_password, kafka_sasl_mechanism="PLAIN"
        )

    def by_password(self, name: str, **more: Any) -> Settings:  # noqa: ANN401  # settings
        """A user of the role's name, by SCRAM."""
        given: dict[str, Any] = {
            "kafka": self.listeners.sasl_ssl, "kafka_security_protocol": "SASL_SSL", "kafka_sasl_username": name,
            "kafka_sasl_password": self.passwords.get(name, ""),
        }  # fmt: skip
        return self.settings(**(given | more))

    def by_certificate(self, name: str, **more: Any) -> Settings:  # noqa: ANN401  # settings
        """The same user, by a certificate."""
        certificate, key = self.listeners.authority.issue(name)
        given: dict[str, Any] = {
            "kafka": self.listeners.ssl, "kafka_security_protocol": "SSL",
            "kafka_ssl_certfile": certificate, "kafka_ssl_keyfile": key,
        }  # fmt: skip
        return self.settings(**(given | more))

    def revoke(self, permission: access.Permission, whose: str) -> None:
        """Takes one permission away."""
        (binding,) = access.bindings([permission], whose)
        chosen = AclBindingFilter(
            binding.restype, binding.name, binding.resource_pattern_type, binding.principal, binding.host,
            binding.operation, binding.permission_type,
        )  # fmt: skip
        assert len(self.admin.delete_acls([chosen])[chosen].result(timeout=30)) == 1


@contextmanager
def worker(role: str, settings: Settings, log: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker process whose standard error goes to a file; it is gone at the end."""
    environ = child_environ(settings)
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams.cli", "worker", role, "--parent", str(os.getpid())],
            env=environ, stdin=subprocess.DEVNULL, stdout=stderr, stderr=stderr,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
