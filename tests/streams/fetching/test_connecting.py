import asyncio
import socket
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from typing import Any

import httpcore
import pytest

from streams.fetching.addresses import Address, AddressRule
from streams.fetching.connecting import ADDRESS_LIMIT, CheckedBackend, resolver
from streams.fetching.errors import MediumError


class Network(httpcore.AsyncNetworkBackend):
    """Has hosts that refuse connections, and notes who is asked, with which timeout."""

    def __init__(self, dead: Iterable[str] = ()) -> None:
        self.dead = set(dead)
        self.asked: list[tuple[str, float | None]] = []

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.asked.append((host, timeout))
        if host in self.dead:
            raise httpcore.ConnectTimeout
        return httpcore.AsyncMockStream([])


def connect(network: Network, *addresses: str) -> httpcore.AsyncNetworkStream:
    async def resolve(host: str, port: int) -> list[Address]:
        return [ip_address(text) for text in addresses]

    return asyncio.run(CheckedBackend(AddressRule(), resolve, network).connect_tcp("shop.example", 443, 6.0))


def test_the_checked_address_is_connected_to_and_not_the_name() -> None:
    network = Network()
    connect(network, "8.8.8.8")
    assert network.asked == [("8.8.8.8", 6.0)]


def test_one_private_address_among_public_ones_refuses_the_host() -> None:
    network = Network()
    with pytest.raises(
        MediumError, match=r"shop\.example is at 10\.0\.0\.1, which is private; FRESHET_"
    ) as raised:
        connect(network, "8.8.8.8", "10.0.0.1")
    assert (raised.value.kind, raised.value.transient) == ("address", False)
    assert network.asked == []


def test_a_private_address_beyond_those_that_are_tried_refuses_the_host() -> None:
    with pytest.raises(MediumError, match="loopback"):
        connect(Network(), *["8.8.8.8"] * ADDRESS_LIMIT, "::1")


def test_the_next_address_is_tried_within_the_time_of_one() -> None:
    network = Network(dead=["2606:4700::1"])
    connect(network, "2606:4700::1", "8.8.8.8")
    assert network.asked == [("2606:4700::1", 3.0), ("8.8.8.8", 3.0)]


def test_when_no_address_answers_the_last_error_is_told() -> None:
    with pytest.raises(httpcore.ConnectTimeout):
        connect(Network(dead=["8.8.8.8", "8.8.4.4"]), "8.8.8.8", "8.8.4.4")


def resolve(host: str) -> list[Address]:
    async def run() -> list[Address]:
        with ThreadPoolExecutor(1) as threads:
            return await resolver(threads)(host, 80)

    return asyncio.run(run())


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f.1", "127.1", "0177.0.0.1"])
def test_an_address_in_disguise_is_resolved_to_what_it_is(host: str) -> None:
    assert resolve(host) == [ip_address("127.0.0.1")]


def test_a_label_too_long_is_a_reason_and_no_crash() -> None:
    with pytest.raises(MediumError, match="has no address: not a host name") as raised:
        resolve("a" * 64 + ".example")
    assert not raised.value.transient


@pytest.mark.parametrize(("code", "transient"), [(socket.EAI_AGAIN, True), (socket.EAI_NONAME, False)])
def test_a_name_server_that_is_away_may_come_back(
    monkeypatch: pytest.MonkeyPatch, code: int, transient: bool
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "no luck")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(MediumError, match=r"shop\.example has no address: no luck") as raised:
        resolve("shop.example")
    assert (raised.value.kind, raised.value.transient) == ("connection", transient)
