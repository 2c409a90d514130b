"""Times as people read them."""

from datetime import UTC, datetime


def utc(at_ms: int) -> str:
    """A time in UTC, to the minute."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M UTC")
