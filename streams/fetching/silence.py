"""Hosts that do not answer are left alone for a while: a queue behind a dead one must not take hours."""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from streams.fetching.errors import MediumError

PATIENCE_COUNT = 5
"""Requests in a row that a host may leave without any answer."""
COOLING_S = 30.0
"""How long it is left alone then. One more silent request after that, and it is so again."""
HOST_LIMIT = 1024
"""Hosts remembered; the longest unheard of makes room."""


@dataclass
class _Silence:
    count: int = 0
    until_s: float = 0.0


class SilentHosts:
    """Remembers which hosts do not answer."""

    def __init__(self, now_s: Callable[[], float]) -> None:
        self._now_s = now_s
        self._hosts: OrderedDict[str, _Silence] = OrderedDict()

    def check(self, host: str) -> None:
        """Raises at once, instead of asking a host in vain.

        Raises:
            MediumError: It is being left alone.
        """
        known = self._hosts.get(host)
        left_s = 0.0 if known is None else known.until_s - self._now_s()
        if known is not None and left_s > 0.0:
            msg = (
                f"{host} did not answer {known.count} times in a row and is left alone for {COOLING_S:.0f} s"
            )
            raise MediumError(msg, "connection", transient=True, retry_after_s=left_s)

    def heard(self, host: str) -> None:
        """It answered, whatever it said."""
        self._hosts.pop(host, None)

    def unheard(self, host: str) -> None:
        """It did not answer a request."""
        known = self._hosts.setdefault(host, _Silence())
        self._hosts.move_to_end(host)
        known.count += 1
        if known.count >= PATIENCE_COUNT:
            known.until_s = self._now_s() + COOLING_S
        while len(self._hosts) > HOST_LIMIT:
            self._hosts.popitem(last=False)
