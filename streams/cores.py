"""How a process's libraries use its cores, where decoding, networks and Kafka's clients share them."""

import os
from collections.abc import MutableMapping

SHARING = {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}
"""By default both libraries' threads spin when they have nothing to do, for up to 26 ms after each product of
matrices, and take from other threads what they gain themselves: a third of an encode worker's processor time."""


def share_cores(environ: MutableMapping[str, str] = os.environ) -> None:
    """Lets threads that wait sleep; what the operator has set stays.

    Call it before numpy and torch are imported: their libraries read the environment once, when they are loaded.
    """
    for name, value in SHARING.items():
        environ.setdefault(name, value)
