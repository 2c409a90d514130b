"""Times as people read them."""

from datetime import UTC, datetime


def utc(at_ms: int) -> str:
    """A time in UTC, to the minute."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")


def local(at_ms: int) -> str:
    """A time as this machine's clock shows it, to the second."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
