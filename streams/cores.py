"""How a process's libraries use its cores and memory, where decoding, networks and Kafka's clients share them."""

import ctypes
import os
from collections.abc import MutableMapping

SHARING = {"OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}
"""By default both libraries' threads spin when they have nothing to do, for up to 26 ms after each product of
matrices, and take from other threads what they gain themselves: a third of an encode worker's processor time."""

KEPT_BYTES = 256 * 1024 * 1024
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
"""Parameters of glibc's `mallopt`."""


def keep_memory() -> bool:
    """Has the process keep freed memory for what is allocated next, up to KEPT_BYTES.

    By default glibc gives large blocks back to the system, as a network's activations are, and gets them again for the
    next layer, page by page: a third of the time that a batch of pictures takes.

    Returns:
        Whether the C library is glibc; others do as they do.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if os.name == "posix" else None
    parameters = (_TRIM_THRESHOLD, _MMAP_THRESHOLD)
    return mallopt is not None and all(mallopt(parameter, KEPT_BYTES) == 1 for parameter in parameters)


def share_cores(environ: MutableMapping[str, str] = os.environ) -> None:
    """Lets threads that wait sleep; what the operator has set stays.

    Call it before numpy and torch are imported: their libraries read the environment once, when they are loaded.
    """
    for name, value in SHARING.items():
        environ.setdefault(name, value)
