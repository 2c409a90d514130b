"""What of an item document is encoded as text, and the hash under which a vector is kept."""

import html
import json
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from heapq import nsmallest
from itertools import islice

from encoders.text import CHARACTER_LIMIT, RAW_LIMIT, clean_text

ENTRY_LIMIT = 1_000
"""Tags, or attributes, that are read of one document: more than an encoder's windows hold."""


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
    means nothing, but for which are read where there are more than ENTRY_LIMIT, or RAW_LIMIT characters.

    Returns:
        Clean text, with entities where it could be taken for markup; empty if the document has none, which is how
        an item without the text modality shows.
    """
    parts = (
        _words(document.get("title")),
        _words(document.get("category")),
        ", ".join(sorted(set(_each(document.get("tags"))))),
        "; ".join(_attributes(document.get("attributes"))),
        _words(document.get("text")),
    )
    return _unmistakable("\n".join(part for part in parts if part))


def _unmistakable(text: str) -> str:
    """Clean text as it is, unless an encoder, which cleans it again, would take a word in angle brackets for markup."""
    if "<" not in text and "&" not in text:
        return text
    kept = " ".join(text.split())[:CHARACTER_LIMIT].rstrip()
    return text if clean_text(text) == kept else html.escape(text, quote=False)


def _bounded(entries: Iterable[object]) -> Iterator[object]:
    """The first entries, as far as they are read: a list of millions, or of long ones, would take seconds."""
    length = 0
    for entry in islice(entries, ENTRY_LIMIT):
        yield entry
        length += len(entry) if isinstance(entry, str) else 0
        if length >= RAW_LIMIT:
            return


def _words(value: object) -> str:
    if isinstance(value, str):
        return clean_text(value)
    # bool first: it is an int, and "True" says nothing about an item.
    if isinstance(value, bool) or not isinstance(value, int | float):
        return ""
    return str(value)


def _each(value: object) -> Iterator[str]:
    entries = value if isinstance(value, list | tuple) else [value]
    return (words for words in map(_words, _bounded(entries)) if words)


def _attributes(value: object) -> Iterator[str]:
    if not isinstance(value, Mapping):
        return
    names = nsmallest(ENTRY_LIMIT, value)
    for name, content in zip(names, _bounded(value[name] for name in names), strict=False):
        words = name if content is True else ", ".join(_each(content))
        if words:
            yield words if content is True else f"{name}: {words}"
