"""How long to wait before asking again."""

import email.utils
from datetime import UTC

from streams.fetching.errors import MediumError

BASE_S = 0.5
LIMIT_S = 10.0
"""No pause is longer. A server that asks for a longer one is not asked again."""


def pause_s(error: MediumError, attempt: int, share: float) -> float | None:
    """Seconds to wait after a failed attempt; None: asking again is of no use now.

    Exponential backoff with half jitter: half of `BASE_S` · 2^(attempt - 1), plus a random share of that half,
    but no less than the server asks for.

    Args:
        error: Why the attempt failed.
        attempt: Which it was, from 1.
        share: Random, in [0, 1).
    """
    if not error.transient:
        return None
    asked_s = 0.0 if error.retry_after_s is None else error.retry_after_s
    if asked_s > LIMIT_S:
        return None
    backoff_s = BASE_S * 2.0 ** (attempt - 1) * (1.0 + share) / 2.0
    return max(asked_s, min(backoff_s, LIMIT_S))


def retry_after_s(value: str, now_s: float) -> float | None:
    """Seconds that a header Retry-After asks for, in either of its forms (RFC 9110, 10.2.3); None: unreadable.

    Args:
        value: The header.
        now_s: The time, in seconds since the epoch.
    """
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max(0.0, when.timestamp() - now_s)
