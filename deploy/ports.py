"""Ports for a broker on this machine."""

import random
import socket

from deploy.broker_error import BrokerError
from deploy.kafka_config import HOST

# Below the range that systems hand to outgoing connections (from 32768 on): no client takes the port of a
# broker that is down for a moment, not even one that retries it, which could connect to itself.
_RANGE = range(20_000, 32_000)
_TRIES = 200


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def free_port(*preferred: int) -> int:
    """The first preferred port that is free, else a random one that is.

    Raises:
        BrokerError: none is.
    """
    tried = (*preferred, *random.SystemRandom().sample(_RANGE, _TRIES))
    port = next((port for port in tried if is_free(port)), None)
    if port is None:
        message = f"no free port found on {HOST} between {_RANGE.start} and {_RANGE.stop}"
        raise BrokerError(message)
    return port
