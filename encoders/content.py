"""What of an item document is encoded as text, and the hash under which a vector is kept."""

import json
from collections.abc import Iterator, Mapping
from hashlib import blake2b

from encoders.text import clean_text


def content_hash(value: object) -> str:
    """A stable 128-bit hash of text, bytes, or JSON; the order of an object's fields is ignored.

    Raises:
        TypeError: The value is neither bytes nor JSON.
        ValueError: It contains NaN or an infinity, which JSON has not.
    """
    if isinstance(value, bytes):
        kind, data = b"bytes", value
    else:
        canonical = json.dumps(value, sort_keys=True, allow_nan=False, separators=(",", ":"))
        kind, data = b"json", canonical.encode()
    return blake2b(data, digest_size=16, person=kind).hexdigest()


def item_text(document: Mapping[str, object]) -> str:
    """The text of an item document: title, category, tags, attributes, text, in this order, a line each.

    The short fields come first because long texts are cut at their end. Each field is cleaned by itself, so
    that a comment left open in one does not swallow the next. Tags and attributes are sorted: their order
    means nothing.

    Returns:
        Clean text; empty if the document has none, which is how an item without the text modality shows.
    """
    parts = (
        _words(document.get("title")),
        _words(document.get("category")),
        ", ".join(sorted(set(_each(document.get("tags"))))),
        "; ".join(_attributes(document.get("attributes"))),
        _words(document.get("text")),
    )
    return "\n".join(part for part in parts if part)


def _words(value: object) -> str:
    if isinstance(value, str):
        return clean_text(value)
    # bool first: it is an int, and "True" says nothing about an item.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


def _each(value: object) -> Iterator[str]:
    entries = value if isinstance(value, list | tuple) else [value]
    return (words for words in map(_words, entries) if words)


def _attributes(value: object) -> Iterator[str]:
    if not isinstance(value, Mapping):
        return
    for name, content in sorted(value.items()):
        words = name if content is True else ", ".join(_each(content))
        if words:
            yield words if content is True else f"{name}: {words}"
