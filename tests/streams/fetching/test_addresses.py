from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.fetching.addresses import AddressRule

PUBLIC = AddressRule()


@pytest.mark.parametrize(
    ("address", "what"),
    [
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("172.31.255.255", "private"),
        ("192.168.1.1", "private"),
        ("100.64.0.1", "carrier-grade NAT"),
        ("100.100.100.200", "carrier-grade NAT"),
        ("169.254.169.254", "metadata"),
        ("168.63.129.16", "metadata"),
        ("192.0.0.192", "reserved"),
        ("192.0.2.1", "documentation"),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::", "unspecified"),
        ("::1", "loopback"),
        ("::ffff:127.0.0.1", "loopback behind IPv6"),
        ("::ffff:8.8.8.8", "IPv4-mapped"),
        ("::7f00:1", "reserved"),
        ("64:ff9b::a9fe:a9fe", "metadata behind IPv6"),
        ("64:ff9b::808:808", "NAT64"),
        ("64:ff9b:1::a00:1", "NAT64"),
        ("2001:0:a00:1::", "reserved"),
        ("2001:db8::1", "documentation"),
        ("2002:a00:1::", "6to4"),
        ("fd00:ec2::254", "private"),
        ("fe80::1", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fec0::1", "private"),
        ("ff02::1", "multicast"),
        ("4000::1", "reserved"),
    ],
)
def test_what_is_not_public_is_refused_and_named(address: str, what: str) -> None:
    assert what in str(PUBLIC.refusal(ip_address(address)))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "2606:4700::1111", "2a00:1450:4001::200e"],
)
def test_what_is_public_may_be_reached(address: str) -> None:
    assert PUBLIC.refusal(ip_address(address)) is None


@given(st.ip_addresses())
def test_nothing_passes_that_the_standard_library_knows_as_special(
    address: IPv4Address | IPv6Address,
) -> None:
    if not address.is_global or address.is_multicast or address.is_reserved or address.is_loopback:
        assert PUBLIC.refusal(address) is not None


def test_an_allowed_network_opens_itself_and_nothing_else() -> None:
    rule = AddressRule([ip_network("10.0.0.0/8")])
    assert rule.refusal(ip_address("10.9.9.9")) is None
    assert rule.refusal(ip_address("192.168.0.1")) == "private"
    assert rule.refusal(ip_address("::ffff:10.9.9.9")) == "IPv4-mapped"


def test_allowing_nat64_opens_no_private_network_behind_it() -> None:
    rule = AddressRule([ip_network("64:ff9b::/96")])
    assert rule.refusal(ip_address("64:ff9b::808:808")) is None
    assert rule.refusal(ip_address("64:ff9b::a00:1")) == "private behind IPv6"
    both = AddressRule([ip_network("64:ff9b::/96"), ip_network("10.0.0.0/8")])
    assert both.refusal(ip_address("64:ff9b::a00:1")) is None
