"""Connections to checked addresses: what was resolved and judged is what is connected to, nothing else."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import Executor
from ipaddress import ip_address

import httpcore

from streams.fetching.addresses import Address, AddressRule
from streams.fetching.errors import MediumError

Resolve = Callable[[str, int], Awaitable[list[Address]]]
"""The addresses of a host, best first, never none.

Raises:
    MediumError: It has none.
"""

ADDRESS_LIMIT = 4
"""Addresses of a host that are tried."""
_PASSING = {socket.EAI_AGAIN, socket.EAI_FAIL}


def resolver(executor: Executor) -> Resolve:
    """The system's resolver. A name server that hangs holds up the executor's threads, not the event loop."""

    async def resolve(host: str, port: int) -> list[Address]:
        loop = asyncio.get_running_loop()
        try:
            found = await loop.run_in_executor(executor, _look_up, host, port)
        except (socket.gaierror, UnicodeError) as error:
            why = error.strerror if isinstance(error, socket.gaierror) else "not a host name"
            msg = f"{host} has no address: {why}"
            raise MediumError(msg, "connection", transient=error.args[0] in _PASSING) from None
        return list(dict.fromkeys(found))

    return resolve


def _look_up(host: str, port: int) -> list[Address]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    # A scope ("fe80::1%eth0") stays part of the address: link-local either way.
    return [ip_address(str(where[0])) for *_, where in found]


class CheckedBackend(httpcore.AsyncNetworkBackend):
    """Opens connections for httpcore, which goes on to verify TLS against the host's name, not the address."""

    def __init__(self, rule: AddressRule, resolve: Resolve, inner: httpcore.AsyncNetworkBackend) -> None:
        """Takes what judges, what resolves, and what connects to an address without looking at it."""
        self._rule = rule
        self._resolve = resolve
        self._inner = inner

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connects to the first of the host's addresses that answers.

        Raises:
            MediumError: One of its addresses, first or not, may not be reached, or it has none.
        """
        addresses = await self._checked(host, port)
        share_s = None if timeout is None else timeout / len(addresses)
        *others, last = addresses
        for address in others:
            try:
                return await self._inner.connect_tcp(
                    str(address), port, share_s, local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(str(last), port, share_s, local_address, socket_options)

    async def _checked(self, host: str, port: int) -> list[Address]:
        addresses = await self._resolve(host, port)
        for address in addresses:
            what = self._rule.refusal(address)
            if what is not None:
                msg = f"{host} is at {address}, which is {what}; FRESHET_FETCH_ALLOWED_NETWORKS can allow it"
                raise MediumError(msg, "address")
        return addresses[:ADDRESS_LIMIT]
