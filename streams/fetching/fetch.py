"""Media to bytes: the one entry to everything here."""

import asyncio
import logging
import random
import ssl
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import httpcore

from streams.events import Medium
from streams.fetching.addresses import AddressRule
from streams.fetching.connecting import CheckedBackend, Resolve, resolver
from streams.fetching.errors import MediumError
from streams.fetching.files import read_file
from streams.fetching.http import Web
from streams.fetching.inline import decode_inline
from streams.fetching.limits import Budget, Turns
from streams.fetching.retries import pause_s
from streams.fetching.silence import SilentHosts
from streams.fetching.urls import parsed
from streams.settings import Settings

__all__ = ["Fetcher", "MediumError", "Outside"]

logger = logging.getLogger(__name__)


class Outside(NamedTuple):
    """What a fetcher needs of the world; tests put their own in its place."""

    resolve: Resolve | None = None
    """Host to addresses; by default the system's resolver."""
    connect: httpcore.AsyncNetworkBackend | None = None
    """Connects to a checked address; by default over TCP."""
    tls: ssl.SSLContext | None = None
    """Whom to trust; by default as httpx does."""
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep
    now_s: Callable[[], float] = time.monotonic
    wall_s: Callable[[], float] = time.time
    chance: Callable[[], float] = random.random


class Fetcher:
    """Gets the bytes of media, a bounded number at once.

    It holds no more than `fetch_concurrency` times `fetch_bytes`, an eighth more while they grow; what it has
    returned, the caller holds. Use it within one event loop.
    """

    def __init__(self, settings: Settings, outside: Outside | None = None) -> None:
        """Opens nothing yet."""
        outside = Outside() if outside is None else outside
        self._settings = settings
        self._outside = outside
        # Its own threads: a name server that hangs must not hold up those of the event loop.
        self._threads = ThreadPoolExecutor(settings.fetch_concurrency, thread_name_prefix="fetch")
        self._turns = Turns(settings.fetch_concurrency)
        backend = CheckedBackend(
            AddressRule(settings.fetch_networks),
            resolver(self._threads) if outside.resolve is None else outside.resolve,
            httpcore.AnyIOBackend() if outside.connect is None else outside.connect,
        )
        silent = SilentHosts(outside.now_s)
        self._web = Web(backend, self._turns, silent, settings.fetch_bytes, outside.tls, outside.wall_s)

    async def aclose(self) -> None:
        """Closes connections; does not wait for name servers."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        await self._web.aclose()

    async def fetch(self, medium: Medium) -> bytes:
        """The bytes of a medium's file, at least one; of its inline data, if there are any, else of its URL.

        Raises:
            MediumError: It cannot be had. Nothing else, whatever the medium says.
        """
        try:
            return await self._fetch(medium)
        except MediumError:
            raise
        except Exception as error:
            logger.exception("a medium could not be fetched")
            msg = f"internal: {type(error).__name__}: {error}"
            raise MediumError(msg, "internal") from error

    async def _fetch(self, medium: Medium) -> bytes:
        limit_bytes = self._settings.fetch_bytes
        if isinstance(medium.data, str):
            return decode_inline(medium.data, limit_bytes)
        if not isinstance(medium.url, str):
            msg = "neither a url nor data"
            raise MediumError(msg, "inline")
        scheme = medium.url.partition(":")[0].lower()
        if scheme == "data":
            return decode_inline(medium.url, limit_bytes)
        budget = Budget(self._settings.fetch_timeout_s, self._outside.now_s)
        return await (self._file if scheme == "file" else self._get)(medium.url, budget)

    async def _file(self, url: str, budget: Budget) -> bytes:
        """Reads a file, in the turn of this machine, which is a host like the others."""
        path, folder, limit_bytes = parsed(url), self._settings.media_folder, self._settings.fetch_bytes
        try:
            async with self._turns.turn("localhost"), budget.running():
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, read_file, path, folder, limit_bytes)
        except TimeoutError:
            msg = "reading the file took longer than FRESHET_FETCH_TIMEOUT_S"
            raise MediumError(msg, "timeout", transient=True) from None

    async def _get(self, url: str, budget: Budget) -> bytes:
        """Asks the web as often as is allowed, useful, and possible in time."""
        attempt = 0
        while True:
            attempt += 1
            try:
                return await self._web.get(url, budget)
            except MediumError as error:
                pause = pause_s(error, attempt, self._outside.chance())
                if pause is None or attempt >= self._settings.fetch_attempts or pause >= budget.left_s:
                    raise _after(error, attempt) from None
            budget.take(pause)
            await self._outside.sleep(pause)


def _after(error: MediumError, attempts: int) -> MediumError:
    """The error, saying how often it was tried."""
    if attempts == 1:
        return error
    return MediumError(
        f"{error.reason} (the last of {attempts} attempts)",
        error.kind,
        transient=error.transient,
        retry_after_s=error.retry_after_s,
    )
