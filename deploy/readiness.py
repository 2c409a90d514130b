"""When a broker is ready: not when its port is open, but when it would create a topic."""

import socket

_PROBE_TOPIC = "freshet-readiness-probe"
_CONNECT_S = 0.5
_ANSWER_MS = 5_000


def is_ready(bootstrap: str, cluster_id: str | None = None) -> bool:
    """Whether the broker and its controller would create a topic now, or say who may not; nothing is created.

    With a cluster's id only that cluster is: another's broker may listen there.
    """
    host, port = bootstrap.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
    except OSError:
        return False
    # Half a second to import, so only here, while the JVM is starting anyway.
    from kafka.admin import KafkaAdminClient  # noqa: PLC0415
    from kafka.errors import KafkaError, TopicAuthorizationFailedError  # noqa: PLC0415

    try:
        admin = KafkaAdminClient(
            bootstrap_servers=bootstrap, request_timeout_ms=_ANSWER_MS, bootstrap_timeout_ms=_ANSWER_MS
        )
    except KafkaError:
        return False
    try:
        if cluster_id not in {None, admin.describe_cluster()["cluster_id"]}:
            return False
        admin.create_topics(
            {_PROBE_TOPIC: {"num_partitions": 1, "replication_factor": 1}}, validate_only=True
        )
    except TopicAuthorizationFailedError:
        return True
    except KafkaError:
        return False
    finally:
        admin.close()
    return True
