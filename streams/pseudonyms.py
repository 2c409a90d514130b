"""Users by pseudonym: HMAC-SHA-256 (RFC 2104) of the id, under keys that only those have who name users.

A pseudonym is the key's id, eight hexadecimal digits, a hyphen, and the first 128 bits of the HMAC of the id's UTF-8 in
32 digits. Nothing can be computed back from it, and no map is kept: who has the key makes it again from the id.
Under another key the same user is another one, and nobody without both keys can say that they are the same.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Collection, Iterable, Iterator

from streams.events import Interaction
from streams.keys import read_keys
from streams.settings import Settings, SettingsError

NO_PSEUDONYM = "no_pseudonym"
"""The code of what is refused for its user's name; nothing of it is kept, since the name may be anybody's own id."""

_DIGEST_BYTES = 16
"""Two of 10^9 users have the same pseudonym with a chance of 10^-21."""
_SURE_CHARS = 5
"""Shorter ids turn up in other ids by chance."""
_FORM = re.compile(r"([0-9a-f]{8})-[0-9a-f]{32}")


class PseudonymError(SettingsError):
    """Somebody is named in a way that must not be sent; the message says what to do, and not whom."""


def pseudonym(user_id: str, key: bytes) -> str:
    """The pseudonym of a user under a key; the id counts as it is, letter for letter."""
    digest = hmac.digest(key, user_id.encode(), "sha256")
    return f"{key_id(key)}-{digest[:_DIGEST_BYTES].hex()}"


def key_id(key: bytes) -> str:
    """What a key's pseudonyms begin with; says nothing of the key."""
    return hashlib.sha256(b"freshet pseudonym key" + key).hexdigest()[:8]


def key_id_in(user_id: str) -> str | None:
    """The id of the key that a pseudonym is of; None for what has not its form."""
    found = _FORM.fullmatch(user_id)
    return None if found is None else found[1]


class Pseudonyms:
    """What users are called in Kafka by those who know their ids; without keys, as they are.

    Args:
        keys: The newest last.
        accepted: Ids of the keys whose pseudonyms the workers take; empty where they take any id.
    """

    def __init__(self, keys: Iterable[bytes] = (), accepted: Collection[str] = ()) -> None:
        self._keys = [(key_id(key), key) for key in reversed(list(keys))]
        self._known = {*accepted, *(name for name, _ in self._keys)}

    @property
    def are_made(self) -> bool:
        """Whether there is a key."""
        return bool(self._keys)

    def all_of(self, user_id: str) -> list[str]:
        """What a user is called under every key, the newest first; a pseudonym stays as it is.

        Raises:
            PseudonymError: There is no key, and workers take pseudonyms only.
        """
        if not self._known or key_id_in(user_id) in self._known:
            return [user_id]
        if not self._keys:
            msg = (
                "FRESHET_PSEUDONYMS is set, so nobody's own id is sent, and there is no key to make a pseudonym with: "
                "set FRESHET_PSEUDONYM_KEY_FILE or _COMMAND, or name users by their pseudonyms"
            )
            raise PseudonymError(msg)
        return [pseudonym(user_id, key) for _, key in self._keys]

    def of(self, user_id: str) -> str:
        """What a user is called from now on.

        Raises:
            PseudonymError: As for `all_of`.
        """
        return self.all_of(user_id)[0]

    def of_row(self, user_id: str) -> str:
        """The same for an id that nobody typed: one that looks like a pseudonym may be chosen to be taken for another.

        Raises:
            PseudonymError: As for `all_of`, or it is a pseudonym although there is a key.
        """
        if self._keys and key_id_in(user_id) in self._known:
            msg = (
                "a user's id is a pseudonym already, by whoever wrote it: send files of pseudonyms without "
                "FRESHET_PSEUDONYM_KEY_FILE or _COMMAND"
            )
            raise PseudonymError(msg)
        return self.of(user_id)

    def traces_of(self, user_id: str) -> list[str]:
        """Everything that may name a user somewhere: the pseudonyms, and the id itself, which should be nowhere."""
        made = [pseudonym(user_id, key) for _, key in self._keys]
        return [user_id] if key_id_in(user_id) in self._known else [*made, user_id]


def load_pseudonyms(settings: Settings) -> Pseudonyms:
    """What users are called, by the settings of those who name them.

    Raises:
        SettingsError: The keys cannot be read, or workers would refuse what is made with the newest.
    """
    keys = read_keys(settings.pseudonym_key_file, settings.pseudonym_key_command, "FRESHET_PSEUDONYM_KEY")
    accepted = settings.pseudonym_keys
    if keys and accepted and key_id(keys[-1]) not in accepted:
        msg = (
            f"the newest pseudonym key is {key_id(keys[-1])}, and FRESHET_PSEUDONYMS takes {', '.join(accepted)}: "
            "add it there first, for the workers too"
        )
        raise SettingsError(msg)
    return Pseudonyms(keys, accepted)


def rename(event: Interaction, name: Callable[[str], str]) -> None:
    """Calls an event's user as `name` has it.

    Raises:
        PseudonymError: By `name`, or the event names the user elsewhere too, which no pseudonym would hide.
    """
    user_id, event.user_id = event.user_id, name(event.user_id)
    if event.user_id == user_id or len(user_id) < _SURE_CHARS:
        return
    whole = re.compile(rf"(?<![0-9A-Za-z]){re.escape(user_id)}(?![0-9A-Za-z])")
    for path, text in _texts(event):
        if user_id in text and whole.search(text):
            msg = f"{path} has the user's id in it, which is to be stored nowhere: leave it out"
            raise PseudonymError(msg)


def _texts(event: Interaction) -> Iterator[tuple[str, str]]:
    """Where clients are wont to write a user's id once more; an item may be called as a user is."""
    yield "$.event_id", event.event_id or ""
    yield "$.list_id", event.list_id or ""
    for name, value in (event.context or {}).items():
        yield "$.context", name
        yield "$.context", value if isinstance(value, str) else ""
