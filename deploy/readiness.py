"""When a broker is ready: not when its port is open, but when it would create a topic."""

import socket

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]  # not in its __all__

_PROBE_TOPIC = "freshet-readiness-probe"
_CONNECT_S = 0.5
_ANSWER_S = 5.0


def is_ready(bootstrap: str, cluster_id: str | None = None) -> bool:
    """Whether the broker and its controller would create a topic now, or say who may not; nothing is created.

    With a cluster's id only that cluster is: another's broker may listen there.
    """
    host, port = bootstrap.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), timeout=_CONNECT_S).close()
    except OSError:
        return False
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
    try:
        if cluster_id not in {None, admin.describe_cluster(request_timeout=_ANSWER_S).result().cluster_id}:
            return False
        probe = NewTopic(_PROBE_TOPIC, 1, 1)
        admin.create_topics([probe], validate_only=True, request_timeout=_ANSWER_S)[_PROBE_TOPIC].result()
    except KafkaException as exc:
        return bool(exc.args[0].code() == KafkaError.TOPIC_AUTHORIZATION_FAILED)
    return True
