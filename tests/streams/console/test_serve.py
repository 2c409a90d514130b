"""Where the console may listen, and with which token."""

from http import HTTPStatus

import pytest
from starlette.testclient import TestClient

from streams.console.access import Access
from streams.console.serve import address, gate, listening
from streams.settings import SettingsError
from tests.streams.console.served import HOST, Served

LONG = "sixteen characters and more"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_on_this_machine_a_token_is_made(host: str) -> None:
    made = [gate(host, 8642, None, []).token for _ in range(2)]
    assert made[0] != made[1]
    assert min(map(len, made)) >= 40


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "console.example"])
@pytest.mark.parametrize("token", [None, "", "short"])
def test_where_others_can_ask_it_needs_a_long_token(host: str, token: str | None) -> None:
    with pytest.raises(SettingsError, match=r"give it a --token or --token-file of at least 16 characters"):
        gate(host, 8642, token, [])
    assert gate(host, 8642, LONG, []).token == LONG


def test_names_that_it_goes_by() -> None:
    assert gate("10.0.0.7", 1, LONG, ["Console.Example"]).hosts >= {
        "10.0.0.7",
        "console.example",
        "127.0.0.1",
    }
    assert not gate("10.0.0.7", 1, LONG, []).any_address
    assert gate("0.0.0.0", 1, LONG, []).any_address


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", "http://127.0.0.1:8/?token=t"),
        ("::1", "http://[::1]:8/?token=t"),
        ("0.0.0.0", "http://127.0.0.1:8/?token=t"),
        ("::", "http://[::1]:8/?token=t"),
        ("console.example", "http://console.example:8/?token=t"),
    ],
)
def test_the_address_to_open(host: str, expected: str) -> None:
    assert address(host, 8, "t") == expected


def test_the_address_to_open_lets_in_whatever_the_token_is_made_of(served: Served) -> None:
    token = "base64+has/these==, &#%41 too"
    asked = gate("127.0.0.1", 8642, token, [])
    browser = TestClient(Access(served.app, asked), f"http://{HOST}", follow_redirects=False)
    assert browser.get(address("127.0.0.1", 8642, token)).status_code == HTTPStatus.SEE_OTHER


def test_a_token_that_no_header_can_carry_is_refused() -> None:
    with pytest.raises(SettingsError, match="ASCII"):
        gate("127.0.0.1", 1, "Schlüssel", [])


def test_an_empty_token_is_refused_and_not_replaced() -> None:
    with pytest.raises(SettingsError, match="the token is empty"):
        gate("127.0.0.1", 1, "", [])


def test_a_port_that_is_taken_is_named() -> None:
    with listening("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(
            SettingsError, match=rf"--port {port}: Address already in use .*; try another --port"
        ):
            listening("127.0.0.1", port)
