"""An embedded broker that lets nobody do anything unasked: TLS, certificates, passwords, and ACLs for all of it.

It listens three times. Over `ssl` a client's certificate says who it is (`User:` and its common name), over `sasl_ssl`
its name and password (SCRAM-SHA-512 or PLAIN); over plaintext everybody is `User:ANONYMOUS`, who has no rights. Only
`User:admin` may do everything, and grants others what they need.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path

from deploy.certificates import Authority
from deploy.kafka_config import HOST
from deploy.ports import free_port

ADMIN = "admin"
_BROKER = "broker"
_SASL = "listener.name.sasl_ssl"
_MODULES = "org.apache.kafka.common.security"


class SecureListeners:
    """The listeners' addresses, the authority that both sides trust, and the broker's side of it."""

    def __init__(self, folder: Path, users: Mapping[str, str] | None = None) -> None:
        """Makes the certificates, and chooses the ports, which last as long as this object.

        Args:
            folder: Where certificates and keys lie.
            users: Names and passwords that are let in by PLAIN; for SCRAM the admin makes users in the cluster.
        """
        self.authority = Authority(folder)
        self.admin_password = secrets.token_urlsafe(16)
        """Of `User:admin`, by PLAIN; over `ssl` a certificate of that name does as well."""
        self._passwords = {ADMIN: self.admin_password, **(users or {})}
        certificate, key = self.authority.issue(_BROKER, ("localhost", HOST))
        self._key_store = folder / "broker-store.pem"
        self._key_store.touch(mode=0o600)
        self._key_store.write_bytes(key.read_bytes() + certificate.read_bytes())
        ssl_port, sasl_port = free_port(), free_port()
        self.ssl = f"{HOST}:{ssl_port}"
        """Where clients with a certificate connect."""
        self.sasl_ssl = f"{HOST}:{sasl_port}"
        """Where clients with a password connect."""

    def properties(self, port: int, controller_port: int) -> dict[str, str]:
        """What a broker with these two other ports is told beside `broker_properties`, over which it wins."""
        plain = f"PLAINTEXT://{HOST}:{port}"
        guarded = f"SSL://{self.ssl},SASL_SSL://{self.sasl_ssl}"
        let_in = " ".join(f'user_{name}="{password}"' for name, password in self._passwords.items())
        return {
            "listeners": f"{plain},CONTROLLER://{HOST}:{controller_port},{guarded}",
            "advertised.listeners": f"{plain},{guarded}",
            "listener.security.protocol.map": (
                "PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_SSL:SASL_SSL,CONTROLLER:SSL"
            ),
            "inter.broker.listener.name": "SSL",
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(self._key_store),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.ca_file),
            "ssl.client.auth": "required",
            "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/,DEFAULT",
            "sasl.enabled.mechanisms": "SCRAM-SHA-512,PLAIN",
            f"{_SASL}.scram-sha-512.sasl.jaas.config": f"{_MODULES}.scram.ScramLoginModule required;",
            f"{_SASL}.plain.sasl.jaas.config": f"{_MODULES}.plain.PlainLoginModule required {let_in};",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            "super.users": f"User:{ADMIN};User:{_BROKER}",
        }
