import pytest

from streams.events import Medium
from streams.fetching.errors import MediumError
from streams.fetching.urls import checked, host_of, parsed, redirected


@pytest.mark.parametrize(
    ("url", "same_as"),
    [
        ("https://shop.example/a.png?sig=1#top", "https://shop.example/a.png?sig=1"),
        ("HTTP://SHOP.example:80/a b", "http://shop.example/a%20b"),
        ("https://bücher.example/ü", "https://xn--bcher-kva.example/%C3%BC"),
        ("http://shop.example:8080/", "http://shop.example:8080/"),
        ("https://[2606:4700::1]/", "https://[2606:4700::1]/"),
    ],
)
def test_a_url_that_may_be_asked_for(url: str, same_as: str) -> None:
    assert checked(parsed(url)) == parsed(same_as)


@pytest.mark.parametrize(
    ("url", "kind", "said"),
    [
        ("ftp://shop.example/a", "scheme", "ftp: is not read"),
        ("s3://bucket/a", "scheme", "send a (signed) https: URL of the object"),
        ("gopher://shop.example", "scheme", "gopher: is not read"),
        ("/a.png", "scheme", "a name that is no address is not read"),
        ("javascript:alert(1)", "scheme", "javascript: is not read"),
        ("http:///a.png", "address", "has no host"),
        ("https://me:secret@shop.example/", "address", "URL of shop.example carries a user name"),
        ("https://shop.example@10.0.0.1/", "address", "URL of 10.0.0.1 carries a user name"),
        ("http://shop.example:22/", "address", "port 22 of shop.example is not asked"),
        ("http://shop.example:0/", "address", "port 0"),
        ("http://shop.example:99999/", "address", "port 99999"),
        ("http://[::1", "address", "not a URL"),
        ("http://shop\x00.example/", "address", "not a URL"),
        ("http://xn--/", "address", "not a URL"),
    ],
)
def test_a_url_that_may_not(url: str, kind: str, said: str) -> None:
    with pytest.raises(MediumError) as raised:
        checked(parsed(url))
    assert said in raised.value.reason
    assert raised.value.kind == kind
    assert not raised.value.transient
    assert "secret" not in raised.value.reason


@pytest.mark.parametrize(
    ("location", "leads_to"),
    [
        ("/b.png", "https://shop.example/b.png"),
        ("b.png", "https://shop.example/a/b.png"),
        ("//cdn.example/b.png", "https://cdn.example/b.png"),
        ("?size=2", "https://shop.example/a/?size=2"),
    ],
)
def test_a_redirect_is_relative_to_where_it_comes_from(location: str, leads_to: str) -> None:
    assert redirected(parsed("https://shop.example/a/"), location) == parsed(leads_to)


@pytest.mark.parametrize(
    ("location", "kind", "said"),
    [
        ("http://shop.example/", "redirect", "redirects from https to http"),
        ("file:///etc/passwd", "scheme", "redirects elsewhere: file: is not"),
        ("https://u@cdn.example/", "address", "carries a user name"),
        ("https://[::1", "redirect", "redirects to what is not a URL"),
    ],
)
def test_a_redirect_that_is_not_followed(location: str, kind: str, said: str) -> None:
    with pytest.raises(MediumError) as raised:
        redirected(parsed("https://shop.example/"), location)
    assert said in raised.value.reason
    assert raised.value.kind == kind


def test_a_redirect_from_http_to_https_is_followed() -> None:
    assert redirected(parsed("http://a.example/"), "https://a.example/") == parsed("https://a.example/")


@pytest.mark.parametrize(
    ("medium", "host"),
    [
        (Medium(url="https://CDN.example:8443/a.png"), "cdn.example"),
        (Medium(url="file:///srv/media/a.png"), "localhost"),
        (Medium(url="https://cdn.example/a.png", data="aGk="), ""),
        (Medium(url="https://[::1"), ""),
        (Medium(), ""),
    ],
)
def test_who_is_asked_for_a_file(medium: Medium, host: str) -> None:
    assert host_of(medium) == host
