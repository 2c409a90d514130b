import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.fetching.errors import MediumError
from streams.fetching.inline import decode_inline


@given(st.binary(min_size=1, max_size=300))
def test_every_file_survives_also_wrapped_and_as_a_data_uri(data: bytes) -> None:
    text = base64.b64encode(data).decode()
    assert decode_inline(text, 300) == data
    assert decode_inline(base64.encodebytes(data).decode().replace("\n", "\r\n "), 300) == data
    assert decode_inline(f"data:image/png;name=a;base64,{text}", 300) == data


@given(st.text(max_size=40))
def test_any_text_is_a_file_or_a_reason(text: str) -> None:
    with contextlib.suppress(MediumError):
        assert decode_inline(text, 100)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty inline data"),
        ("data:image/png;base64,", "empty inline data"),
        ("data:image/svg+xml,%3Csvg%3E", "a data: URI that is not in base64"),
        ("AAA", "not base64"),
        ("AA-_", "not base64"),
        ("AA==AA==", "not base64"),
        ("ÄAAA", "not base64: 'Ä' at character 0"),
        ("http://shop.example", "not base64"),
    ],
)
def test_what_is_not_base64_is_refused(text: str, said: str) -> None:
    with pytest.raises(MediumError, match=said):
        decode_inline(text, 100)


def test_the_limit_is_exact() -> None:
    for size in (9, 10, 11):
        text = base64.b64encode(bytes(size)).decode()
        assert len(decode_inline(text, size)) == size
        with pytest.raises(
            MediumError, match=f"{size} bytes inline, more than the {size - 1} of FRESHET_"
        ) as raised:
            decode_inline(text, size - 1)
        assert raised.value.kind == "too_large"


def test_the_limit_is_checked_before_decoding() -> None:
    with pytest.raises(MediumError, match="more than the 10"):
        decode_inline("!" * 1000, 10)
