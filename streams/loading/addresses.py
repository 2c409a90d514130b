"""Addresses of media that no worker could ever read, told before they are sent."""

from msgspec import ValidationError

from streams.events import Media, Medium
from streams.fetching.errors import MediumError
from streams.fetching.files import path_of
from streams.fetching.urls import checked, parsed

_CAN = "an address of a file is https:…, http:… or file:///… below FRESHET_MEDIA_FOLDER"
_SHOWN_CHARS = 60


def check_addresses(item: Media) -> None:
    """Looks at how the item's addresses are written; nobody is asked for a file.

    Raises:
        ValidationError: One can be right on no machine, or carries a password; the message ends with its path.
    """
    for name in ("image", "audio", "video"):
        medium = getattr(item, name)
        if not isinstance(medium, Medium) or isinstance(medium.data, str) or not isinstance(medium.url, str):
            continue
        try:
            _check(medium.url)
        except MediumError as exc:
            msg = f"{exc.reason} - at `$.{name}.url`"
            raise ValidationError(msg) from None


def _check(text: str) -> None:
    scheme, colon, _ = text.partition(":")
    if not colon:
        msg = f"{text[:_SHOWN_CHARS]!r} is a name: {_CAN}"
        raise MediumError(msg, "scheme")
    if scheme.lower() == "file":
        path_of(parsed(text))
    elif scheme.lower() != "data":
        checked(parsed(text))
