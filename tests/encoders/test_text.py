import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.base import BadEntryError
from encoders.text import CHARACTER_LIMIT, clean_text, prepare_text

ANY_TEXT = st.text(st.characters(codec=None), max_size=300)
MARKUP = st.lists(
    st.sampled_from(
        ["<p>", "</b>", "<!--", "-->", "<script>", "</script>", "&lt;", "&#0;", "<", ">", "a", " "]
    )
).map("".join)


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  two\n\twords ", "two words"),
        ("<p>One</p><p>two</p>", "One two"),
        ("wa<b>ter</b>fall", "waterfall"),
        ("Salt &amp; pepper&nbsp;&eacute;", "Salt & pepper é"),
        ("&lt;b&gt; is a tag", "<b> is a tag"),
        ("a<!-- <p>hidden --> b", "a b"),
        ("<style>p {}</style>x<SCRIPT type='a'>if (1 < 2)</script >y", "x y"),
        ("<!DOCTYPE html><a href='x'>link</a>", "link"),
        ("2 < 3, x<y and y>z, I <3 you", "2 < 3, x<y and y>z, I <3 you"),
        ("seen<script>never closed", "seen"),
        ("\uff26\uff4f\uff4f \ufb01ne e\u0301", "Foo fine \u00e9"),
        ("soft\u00adhyphen\ufeff zero\u200bwidth", "softhyphen zerowidth"),
        ("nul\x00 bell\x07 lone\ud800surrogate", "nul bell lone surrogate"),
    ],
)
def test_clean_text(raw: str, clean: str) -> None:
    assert clean_text(raw) == clean


@given(ANY_TEXT | MARKUP)
def test_clean_text_is_bounded_printable_and_encodable(raw: str) -> None:
    clean = clean_text(raw)
    assert clean == " ".join(clean.split())
    assert len(clean) <= CHARACTER_LIMIT
    clean.encode()


@given(st.text("abcXYZ ,.!?0123456789é漢", max_size=200))
def test_plain_text_loses_nothing_but_white_space(raw: str) -> None:
    assert clean_text(raw) == " ".join(raw.split())


@given(st.text("<>&;/! abpscript-='\u0301", max_size=100))
def test_no_tag_of_html_survives(raw: str) -> None:
    assert "<p>" not in clean_text(f"{raw} <p>".replace("&", "").replace("--", "").replace("script", ""))


@pytest.mark.parametrize(
    "pattern", ["<", "<a ", "<!--", "</script", "<script ", "&#", "&", "<a b='", "\u0315\u0300", "\ufdfa"]
)
def test_hostile_text_takes_no_time(pattern: str) -> None:
    started = time.process_time()
    clean = clean_text(pattern * 100_000)
    assert time.process_time() - started < 2
    assert len(clean) <= CHARACTER_LIMIT


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (None, "expected text, got NoneType"),
        (b"bytes", "expected text, got bytes"),
        ("", "the text is empty"),
        ("<p> </p>", "no text left of 8 characters once markup and white space are gone"),
    ],
)
def test_prepare_text_says_why_not(entry: object, reason: str) -> None:
    with pytest.raises(BadEntryError, match=f"^{reason}$"):
        prepare_text(entry)
