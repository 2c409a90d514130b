"""The workers' door: where pseudonyms are demanded, nothing of a user with any other name comes in.

Workers have no key. They see whether a name has the form of a pseudonym and is of a key that is taken; that shows what
was forgotten, not what was forged. Erasures pass whatever the name: whom it is of may be known from before.
"""

from typing import TypeVar

import msgspec

from streams.decoding import Decoded, Refusal, root_of
from streams.events import Interaction, RefusalError, Request
from streams.pseudonyms import NO_PSEUDONYM, key_id_in
from streams.settings import Settings

T = TypeVar("T", Interaction, Request)

_MESSAGE = "is no pseudonym of a key that FRESHET_PSEUDONYMS takes: make it one before it is sent"
_encode = msgspec.json.Encoder().encode


class Door:
    """Lets events in by the names of their users."""

    def __init__(self, settings: Settings) -> None:
        self._taken = frozenset(settings.pseudonym_keys)

    def let_in(self, decoded: Decoded[T], value: bytes | None) -> Decoded[T]:
        """What of a message's events may be worked; the others are refused, and their names quoted nowhere.

        Args:
            decoded: What was read of the message.
            value: The message.
        """
        if not self._taken:
            return decoded
        within = Decoded[T]([], list(decoded.refusals), decoded.newer_count)
        for index, event in decoded.events:
            if event.user_id is None or key_id_in(event.user_id) in self._taken:
                within.events.append((index, event))
            else:
                error = RefusalError(NO_PSEUDONYM, f"{root_of(value, index)}.user_id", _MESSAGE)
                within.refusals.append(Refusal(index, _encode(event), error))
        return within
