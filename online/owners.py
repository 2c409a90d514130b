"""Whose something is, as a number instead of a name."""

from hashlib import blake2b
from os import urandom

NOBODY = 0
"""The owner of what belongs to no user."""
COUNTED = "ranking.privacy/users"
"""What a snapshot calls the numbers of the users whose privacy is accounted for; see `online.learning.privacy`."""


def number_of(user_id: str) -> int:
    """The user's number, 0 < number < 2**64, the same in every process; whoever knows the id can work it out."""
    return int.from_bytes(blake2b(user_id.encode(), digest_size=8).digest()) or 1


class Owners:
    """Numbers for users, by a hash whose key exists in this process alone.

    They last as long as the process: enough to have something forgotten, worth nothing to anybody else.
    """

    def __init__(self) -> None:
        self._key = urandom(16)

    def of(self, user_id: str) -> int:
        """The user's number, 0 < number < 2**64."""
        return int.from_bytes(blake2b(user_id.encode(), digest_size=8, key=self._key).digest()) or 1
