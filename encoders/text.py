"""Real text made fit to encode: no markup, one Unicode form, single spaces, bounded length."""

import html
import re
import unicodedata

from encoders.base import BadEntryError

PREPARATION = "text1"
"""Part of every text encoder's version: raised when the same raw text would be prepared otherwise."""
RAW_LIMIT = 200_000
"""Characters read of one raw text, markup included; what follows is ignored."""
CHARACTER_LIMIT = 20_000
"""Characters kept of one prepared text: about 3,500 English words."""
NORMALISED_AT_ONCE = 1_000

_NAMES = (
    "a abbr address article aside audio b base bdi bdo blockquote body br button canvas caption center cite "
    "code col colgroup data dd del details dfn dialog div dl dt em embed fieldset figcaption figure font "
    "footer form h[1-6] head header hr html i iframe img input ins kbd label legend li link main map mark "
    "meta meter nav noscript object ol optgroup option output p param picture pre progress q s samp section "
    "select small source span strike strong sub summary sup svg table tbody td textarea tfoot th thead time "
    "title tr track tt u ul var video wbr"
)
_INLINE = re.compile(
    r"</?(?:a|abbr|b|em|font|i|mark|s|small|span|strong|sub|sup|u|wbr)(?=[\s/>])[^<>]*>", re.I
)
# Regexes, because html.parser is no match for hostile input: 60 kB of "<a " keep it busy for 40 s.
# Every alternative here takes time linear in the text. Only names that HTML has count as tags, so that
# "x<y and y>z" in plain text stays.
_MARKUP = re.compile(
    r"<!--.*?(?:-->|\Z)|<!doctype[^<>]*>|<(script|style)(?=[\s/>]).*?(?:</\1\s*>|\Z)"
    rf"|</?(?:{'|'.join(_NAMES.split())})(?=[\s/>])[^<>]*>",
    re.I | re.S,
)
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
# Control characters, and lone surrogates, which JSON lets through and tokenizers refuse.
_UNUSABLE = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


def clean_text(raw: str) -> str:
    """Strips HTML tags, resolves entities, normalises to NFKC (Unicode annex 15) and collapses white space.

    Returns:
        At most CHARACTER_LIMIT characters; empty if nothing readable is left.
    """
    text = raw[:RAW_LIMIT]
    if "<" in text:
        text = _MARKUP.sub(" ", _INLINE.sub("", text))
    if "&" in text:
        text = html.unescape(text)
    if not (text.isascii() and text.isprintable()):
        text = _normalised(_INVISIBLE.sub("", _UNUSABLE.sub(" ", text)))
    return " ".join(text.split())[:CHARACTER_LIMIT].rstrip()


def prepare_text(entry: object) -> str:
    """As `clean_text`.

    Raises:
        BadEntryError: The entry is no text, or nothing readable is left of it.
    """
    if not isinstance(entry, str):
        message = f"expected text, got {type(entry).__name__}"
        raise BadEntryError(message)
    text = clean_text(entry)
    if not text:
        message = f"no text left of {len(entry)} characters once markup and white space are gone"
        raise BadEntryError(message if entry else "the text is empty")
    return text


def _normalised(text: str) -> str:
    # Word by word and in pieces: CPython orders a run of combining marks in quadratic time (200,000: 49 s).
    return " ".join(
        "".join(
            unicodedata.normalize("NFKC", word[start : start + NORMALISED_AT_ONCE])
            for start in range(0, len(word), NORMALISED_AT_ONCE)
        )
        for word in text.split()
    )
