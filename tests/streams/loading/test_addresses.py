import msgspec
import pytest

from streams.events import Media, Medium
from streams.loading.addresses import check_addresses


@pytest.mark.parametrize(
    ("url", "said"),
    [
        (
            "SKU-0020.png",
            "'SKU-0020.png' is a name: an address of a file is https:…, http:… or file:///… below",
        ),
        ("x" * 100, f"'{'x' * 60}' is a name"),
        ("s3://shop/a.png", "s3: is not read"),
        ("C:\\a.png", "c: is not read"),
        ("file:a.png", "file: needs an absolute path"),
        ("https:/a.png", "the URL has no host"),
        ("https://me:secret@shop.example/a.png", "carries a user name"),
    ],
)
def test_an_address_that_no_worker_could_read_is_said(url: str, said: str) -> None:
    with pytest.raises(msgspec.ValidationError) as caught:
        check_addresses(Media(item_id="i", audio=Medium(url=url)))
    assert said in str(caught.value)
    assert str(caught.value).endswith(" - at `$.audio.url`")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "medium",
    [
        Medium(url="https://shop.example/a.png?x#y"),
        Medium(url="HTTP://shop.example:8080/a b.png"),
        Medium(url="file:///media/a%20b.png"),
        Medium(url="data:image/png;base64,eA=="),
        Medium(url=None),
        Medium(url="a.png", data="eA=="),
        None,
    ],
)
def test_what_a_worker_may_read_passes(medium: Medium | None) -> None:
    check_addresses(Media(item_id="i", image=medium, video=medium))
