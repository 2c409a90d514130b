"""The network between the clients and the broker: a socket that hands everything on, or not for a while."""

import asyncio
import socket
import struct
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Self, TypeVar

from deploy.kafka_config import HOST
from deploy.ports import free_port

CHUNK_BYTES = 64 * 1024

Result = TypeVar("Result")


class Network:
    """Hands on what comes, both ways, in a thread of its own. The broker has to advertise `address`.

    While it is cut nothing arrives, as where a cable is out: what was sent waits, and arrives when it is mended.
    """

    def __init__(self, broker_port: int) -> None:
        self._broker_port = broker_port
        self._port = free_port()
        self._loop = asyncio.new_event_loop()
        self._whole = asyncio.Event()
        self._whole.set()
        self._delay_s = 0.0
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)

    @property
    def address(self) -> str:
        """Where clients connect."""
        return f"{HOST}:{self._port}"

    def __enter__(self) -> Self:
        self._thread.start()
        self._in_loop(asyncio.start_server(self._connected, HOST, self._port))
        return self

    def __exit__(self, *_: object) -> None:
        self.reset()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @contextmanager
    def cut(self) -> Iterator[None]:
        """Nothing arrives while the block runs."""
        self._loop.call_soon_threadsafe(self._whole.clear)
        try:
            yield
        finally:
            self._loop.call_soon_threadsafe(self._whole.set)

    @contextmanager
    def slow(self, delay_s: float) -> Iterator[None]:
        """Everything arrives so much later while the block runs, one piece after the other."""
        self._delay_s = delay_s
        try:
            yield
        finally:
            self._delay_s = 0.0

    def reset(self) -> int:
        """Ends every connection at once; returns how many there were."""

        async def end() -> int:
            writers, self._writers = self._writers, set()
            for writer in writers:
                _reset(writer)
            return len(writers) // 2

        return self._in_loop(end())

    def _in_loop(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there = await asyncio.open_connection(HOST, self._broker_port)
        except OSError:
            _reset(writer)
            return
        self._writers |= {writer, there[1]}
        with suppress(OSError):
            await asyncio.gather(self._hand_on(reader, there[1]), self._hand_on(there[0], writer))
        for one in (writer, there[1]):
            self._writers.discard(one)
            _reset(one)

    async def _hand_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while piece := await reader.read(CHUNK_BYTES):
            await self._whole.wait()
            if self._delay_s:
                await asyncio.sleep(self._delay_s)
            writer.write(piece)
            await writer.drain()
        # The other side has ended its connection: so does this one.
        raise ConnectionResetError


def _reset(writer: asyncio.StreamWriter) -> None:
    """Ends a connection with a reset: whatever was under way in it is lost, and the other side knows."""
    with suppress(OSError):
        linger = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
