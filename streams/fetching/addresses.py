"""Which addresses may be reached: public ones, and the networks that the settings name.

Special-purpose networks as in the registries of IANA (RFC 6890) of 2025. They are listed here, not asked of
`ipaddress`, whose answers changed between patch releases of Python and call multicast public.
"""

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_SPECIAL = {
    "0.0.0.0/8": "unspecified",
    "10.0.0.0/8": "private",
    "100.64.0.0/10": "carrier-grade NAT",
    "127.0.0.0/8": "loopback",
    "168.63.129.16/32": "a cloud's metadata service",
    "169.254.0.0/16": "link-local, where clouds serve metadata",
    "172.16.0.0/12": "private",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "documentation",
    "192.88.99.0/24": "a 6to4 relay",
    "192.168.0.0/16": "private",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "::/128": "unspecified",
    "::1/128": "loopback",
    "::ffff:0:0/96": "IPv4-mapped",
    "64:ff9b::/96": "NAT64",
    "64:ff9b:1::/48": "NAT64",
    "2001::/23": "reserved",
    "2001:db8::/32": "documentation",
    "2002::/16": "6to4",
    "3fff::/20": "documentation",
    "fc00::/7": "private",
    "fe80::/10": "link-local",
    "fec0::/10": "private",
    "ff00::/8": "multicast",
}
_NETWORKS: list[tuple[Network, str]] = [(ip_network(text), what) for text, what in _SPECIAL.items()]
_GLOBAL_V6 = IPv6Network("2000::/3")
_EMBEDDING = (IPv6Network("::ffff:0:0/96"), IPv6Network("64:ff9b::/96"))


class AddressRule:
    """Says of an address why it may not be reached."""

    def __init__(self, allowed: Iterable[Network] = ()) -> None:
        """Takes the networks that may be reached although they are not public."""
        self._allowed = tuple(allowed)

    def refusal(self, address: Address) -> str | None:
        """What the address is, if it may not be reached; None if it may.

        An IPv6 address that stands for an IPv4 address must be allowed itself, and so must what it stands for.
        """
        if isinstance(address, IPv6Address) and any(address in network for network in _EMBEDDING):
            inner = IPv4Address(address.packed[-4:])
            if (what := self.refusal(inner)) is not None:
                return f"{what} behind IPv6"
        if any(address in network for network in self._allowed):
            return None
        return _special(address)


def _special(address: Address) -> str | None:
    for network, what in _NETWORKS:
        if address in network:
            return what
    return "reserved" if isinstance(address, IPv6Address) and address not in _GLOBAL_V6 else None
