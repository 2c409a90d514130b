"""What an HTTP response amounts to: a file, another address, or a reason."""

import io
import re
from collections.abc import Callable

import httpcore

from streams.fetching.errors import MediumError
from streams.fetching.retries import retry_after_s
from streams.fetching.unpacking import Unpacker

_REDIRECTS = (301, 302, 303, 307, 308)
_FULL = (200, 203)
_PASSING = (408, 425, 429)
_BOM = b"\xef\xbb\xbf"
_START_BYTES = 1024
# The group is atomic: without that, many comments could be told apart in too many ways.
_HTML = re.compile(
    rb"\s*(?:<\?xml[^>]*>\s*)?(?>(?:<!--.*?-->\s*)*)<(?:!doctype\s+html|html|head|body|title|script)\b",
    re.IGNORECASE | re.DOTALL,
)


def redirect_location(response: httpcore.Response) -> str | None:
    """Where a response sends us; None if it is no redirect."""
    return _header(response, b"location") if response.status in _REDIRECTS else None


def check_status(response: httpcore.Response, host: str, now_s: float) -> None:
    """Refuses every answer but a whole file.

    Args:
        response: With its headers, no more.
        host: For the reason.
        now_s: The time, in seconds since the epoch.

    Raises:
        MediumError: Transient for 408, 425, 429 and 5xx, with the seconds of Retry-After.
    """
    status = response.status
    if status in _FULL:
        return
    if status in (204, 205):
        msg = f"{host} answered {status}: no content"
        raise MediumError(msg, "content")
    wait = _header(response, b"retry-after")
    wait_s = None if wait is None else retry_after_s(wait, now_s)
    msg = f"{host} answered {status}"
    raise MediumError(msg, "status", transient=status in _PASSING or status >= 500, retry_after_s=wait_s)


async def read_body(response: httpcore.Response, host: str, limit_bytes: int) -> bytes:
    """The file that a response carries, unpacked.

    The header Content-Type is not looked at, since it is often wrong; but a page is not taken for a file.

    Raises:
        MediumError: Above the limit, by its header, as sent or unpacked; empty; or an HTML page.
    """
    declared = _header(response, b"content-length")
    if declared is not None and declared.isdigit() and int(declared) > limit_bytes:
        raise _too_large(host, limit_bytes, f" ({declared} announced)")
    # Its value shares the buffer's memory; joined pieces would need it twice.
    body = io.BytesIO()
    unpacker = Unpacker(_header(response, b"content-encoding") or "", _bounded(body, host, limit_bytes))
    received = 0
    async for chunk in response.aiter_stream():
        received += len(chunk)
        if received > limit_bytes:
            raise _too_large(host, limit_bytes)
        unpacker.feed(chunk)
    unpacker.finish()
    _check_content(body.getbuffer()[:_START_BYTES].tobytes(), host)
    return body.getvalue()


def _bounded(body: io.BytesIO, host: str, limit_bytes: int) -> Callable[[bytes], None]:
    def write(data: bytes) -> None:
        if body.tell() + len(data) > limit_bytes:
            raise _too_large(host, limit_bytes)
        body.write(data)

    return write


def _check_content(start: bytes, host: str) -> None:
    if not start:
        msg = f"{host} sent an empty file"
        raise MediumError(msg, "content")
    if _HTML.match(start.removeprefix(_BOM)):
        msg = f"{host} sent an HTML page, not a file; does the URL need a login?"
        raise MediumError(msg, "content")


def _header(response: httpcore.Response, name: bytes) -> str | None:
    values = [value for key, value in response.headers if key.lower() == name]
    return b", ".join(values).decode("utf-8", "replace") if values else None


def _too_large(host: str, limit_bytes: int, detail: str = "") -> MediumError:
    return MediumError(
        f"{host} sends more than the {limit_bytes} bytes of FRESHET_FETCH_BYTES{detail}", "too_large"
    )
