"""Why a medium cannot be had."""

from typing import Literal

Kind = Literal[
    "address", "connection", "content", "file", "inline", "internal", "redirect", "scheme", "status", "timeout",
    "tls", "too_large",
]  # fmt: skip
"""What went wrong, for a metric's label: never more values than these."""


REASON_LIMIT = 500
"""Characters of a reason that are kept: it may quote what a stranger sent."""


class MediumError(Exception):
    """A medium cannot be had; the message is the reason, fit for an operator to read.

    Reasons name the host, never a whole URL: the query of a signed one is a secret.
    """

    def __init__(
        self, reason: str, kind: Kind, *, transient: bool = False, retry_after_s: float | None = None
    ) -> None:
        """Keeps the reason.

        Args:
            reason: A sentence.
            kind: For a metric's label.
            transient: Whether the same medium may be had later.
            retry_after_s: How long not to ask again, where that is known.
        """
        # Half a surrogate pair, from the name of a file, could not be written into a document.
        self.reason = reason[:REASON_LIMIT].encode(errors="replace").decode()
        super().__init__(self.reason)
        self.kind: Kind = kind
        self.transient = transient
        self.retry_after_s = retry_after_s
