"""Content codings, undone without ever making more than was asked for.

A decoder that takes a whole chunk at once makes 64 MB of 64 kB, and more if codings are nested.
"""

import zlib
from collections.abc import Callable

from streams.fetching.errors import MediumError

STEP_BYTES = 1 << 20
"""The most that one step of unpacking makes."""


class Unpacker:
    """Passes on what it is fed, unpacked."""

    def __init__(self, coding: str, sink: Callable[[bytes], object]) -> None:
        """Takes the header Content-Encoding, and what takes the bytes and raises when there are too many.

        Raises:
            MediumError: The coding is none of identity, gzip and deflate; none was asked for.
        """
        self._sink = sink
        self._coding = coding.strip().lower() or "identity"
        if self._coding not in ("identity", "gzip", "x-gzip", "deflate"):
            msg = f"sent in the content coding {coding[:64]!r}, though none was asked for"
            raise MediumError(msg, "content")
        # 32: a gzip or zlib header is told apart; deflate in the wild comes without either as well.
        self._zlib = zlib.decompressobj(wbits=zlib.MAX_WBITS | 32)
        self._fed = False

    def feed(self, data: bytes) -> None:
        """Takes what was received next.

        Raises:
            MediumError: It cannot be unpacked; or whatever the sink raises.
        """
        if self._coding == "identity":
            self._sink(data)
            return
        try:
            self._unpack(data)
        except zlib.error as error:
            msg = f"cannot be unpacked as {self._coding}: {error}"
            raise MediumError(msg, "content") from None

    def finish(self) -> None:
        """Checks that nothing is missing.

        Raises:
            MediumError: The packed data end too early.
        """
        if self._coding != "identity" and self._fed and not self._zlib.eof:
            msg = f"the data, packed as {self._coding}, end too early"
            raise MediumError(msg, "content", transient=True)

    def _unpack(self, data: bytes) -> None:
        if not self._fed and data:
            self._fed = True
            # RFC 1950: the lower half of a zlib header's first byte is 8; bare deflate has none.
            if self._coding == "deflate" and data[0] & 0x0F != 8:
                self._zlib = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
        made_bytes = STEP_BYTES
        # A full step may have left some behind although all data are taken.
        while (data or made_bytes == STEP_BYTES) and not self._zlib.eof:
            made = self._zlib.decompress(data, STEP_BYTES)
            made_bytes = len(made)
            self._sink(made)
            data = self._zlib.unconsumed_tail
