"""Whose something is, for as long as a process lives: enough to have it forgotten, worth nothing to anybody else."""

from hashlib import blake2b
from os import urandom

NOBODY = 0
"""The owner of what belongs to no user."""


class Owners:
    """Numbers for users, by a hash whose key exists in this process alone."""

    def __init__(self) -> None:
        self._key = urandom(16)

    def of(self, user_id: str) -> int:
        """The user's number, 0 < number < 2**64."""
        return int.from_bytes(blake2b(user_id.encode(), digest_size=8, key=self._key).digest()) or 1
