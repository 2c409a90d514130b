"""Files from the web, over HTTP/1.1: one hop after the other, each of them checked.

No cookies, no proxies of the environment, no credentials: a request says nothing about who sends it but
`User-Agent: freshet`.
"""

import ssl
import time
from collections.abc import Callable

import httpcore
import httpx

from streams.fetching.answers import check_status, read_body, redirect_location
from streams.fetching.errors import MediumError
from streams.fetching.limits import Budget, Turns
from streams.fetching.silence import SilentHosts
from streams.fetching.urls import checked, parsed, redirected

REDIRECT_LIMIT = 5
CONNECT_S = 5.0
"""For TCP and for TLS, each, all of a host's addresses together."""
SILENT_S = 10.0
"""The longest that a server may send nothing."""

_TIMEOUTS = {"connect": CONNECT_S, "read": SILENT_S, "write": SILENT_S}


class Web:
    """Gets files by URL, one attempt a call."""

    def __init__(
        self,
        backend: httpcore.AsyncNetworkBackend,
        turns: Turns,
        silent: SilentHosts,
        limit_bytes: int,
        tls: ssl.SSLContext | None = None,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        """Opens nothing yet.

        Args:
            backend: Makes the connections, and decides to where.
            turns: Bounds the requests at once.
            silent: Knows the hosts that do not answer.
            limit_bytes: The largest file.
            tls: Whom to trust; by default the authorities of certifi, or of SSL_CERT_FILE.
            wall_s: Seconds since the epoch.
        """
        # No bound of its own: `turns` is stricter, and knows of hosts.
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=httpx.create_ssl_context() if tls is None else tls,
            max_connections=None,
            max_keepalive_connections=16,
            keepalive_expiry=5.0,
            network_backend=backend,
        )
        self._turns = turns
        self._silent = silent
        self._limit_bytes = limit_bytes
        self._wall_s = wall_s

    async def aclose(self) -> None:
        """Closes the connections that are kept alive."""
        await self._pool.aclose()

    async def get(self, url: str, budget: Budget) -> bytes:
        """The file behind a URL.

        Raises:
            MediumError: It cannot be had.
        """
        here = checked(parsed(url))
        seen = {here}
        for _ in range(REDIRECT_LIMIT + 1):
            async with self._turns.turn(here.host):
                answer = await self._ask(here, budget)
            if isinstance(answer, bytes):
                return answer
            here = redirected(here, answer)
            if here in seen:
                msg = f"{here.host} redirects in a circle"
                raise MediumError(msg, "redirect")
            seen.add(here)
        msg = f"more than {REDIRECT_LIMIT} redirects, the last to {here.host}"
        raise MediumError(msg, "redirect")

    async def _ask(self, url: httpx.URL, budget: Budget) -> bytes | str:
        """The file, or where it is said to be."""
        self._silent.check(url.host)
        answered = False
        target, headers = _request(url)
        request = self._pool.stream("GET", target, headers=headers, extensions={"timeout": _TIMEOUTS})
        try:
            async with budget.running(), request as response:
                answered = True
                self._silent.heard(url.host)
                location = redirect_location(response)
                if location is not None:
                    return location
                check_status(response, url.host, self._wall_s())
                return await read_body(response, url.host, self._limit_bytes)
        except (httpcore.NetworkError, httpcore.ProtocolError, OSError, httpcore.TimeoutException) as error:
            # TimeoutError, of the budget, is an OSError.
            if not answered:
                self._silent.unheard(url.host)
            raise _translated(error, url.host, answered) from None


def _request(url: httpx.URL) -> tuple[httpcore.URL, list[tuple[bytes, bytes]]]:
    target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    return target, [
        (b"Host", url.netloc),
        (b"User-Agent", b"freshet"),
        (b"Accept", b"*/*"),
        (b"Accept-Encoding", b"identity"),
    ]


def _translated(error: Exception, host: str, answered: bool) -> MediumError:
    # httpcore keeps what it translated as the argument; its pool drops the cause.
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLCertVerificationError):
        return MediumError(f"the certificate of {host} is not trusted: {cause.verify_message}", "tls")
    if isinstance(cause, ssl.SSLError):
        return MediumError(f"no TLS connection to {host}: {cause.reason}", "tls", transient=True)
    if isinstance(error, TimeoutError):
        return MediumError(f"{host} took longer than FRESHET_FETCH_TIMEOUT_S", "timeout", transient=True)
    if isinstance(error, httpcore.ConnectTimeout):
        return MediumError(f"no connection to {host} in {CONNECT_S:.0f} s", "timeout", transient=True)
    if isinstance(error, httpcore.TimeoutException):
        return MediumError(f"{host} sent nothing for {SILENT_S:.0f} s", "timeout", transient=True)
    when = "broke off the transfer" if answered else "gave no answer"
    return MediumError(f"{host} {when}: {error}", "connection", transient=True)
