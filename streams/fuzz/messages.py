"""The messages of a run, in an order that follows from the seed: values, and keys, places and headers that lie."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

import msgspec

from streams.event_ids import ORIGIN_HEADER
from streams.events import Interaction
from streams.fuzz.mutations import EVERY, OF_MEDIA, Mutation
from streams.fuzz.samples import ITEMS, STRUCTS, USERS, Sampler
from streams.homes import FORWARDED_HEADER
from streams.requests_to_responses import REPLY_HEADER

SHARES = {"interactions": 0.55, "media": 0.2, "requests": 0.24, "erasures": 0.01}
RULES_SHARE = 0.0005
"""Of all messages, files of rules: an operator's, who may be wrong but writes few."""
HONEST_USERS = 200
HONEST_ITEMS = 400
LIE_SHARE = 0.1
"""Of messages, those whose key, partition or headers are not as they should be; each of the three by itself."""
HEADERS: tuple[tuple[str, str | bytes | None], ...] = (
    (FORWARDED_HEADER, b"interactions-3-17-0"), (FORWARDED_HEADER, b"\xff\xfe"), (FORWARDED_HEADER, None),
    (ORIGIN_HEADER, b"AAAAAAAAAAAAAAAAAAAAAA:interactions-3-17"), (ORIGIN_HEADER, b"\xff\xfe"), (ORIGIN_HEADER, b""),
    (ORIGIN_HEADER, None), (ORIGIN_HEADER, b"x" * 10_000), (ORIGIN_HEADER, b"\x00\n"),
    (REPLY_HEADER, b"3"), (REPLY_HEADER, b"99999"), (REPLY_HEADER, b"-1"), (REPLY_HEADER, b"\xff"),
    (REPLY_HEADER, None), ("trace", b"00-4bf92f3577b34da6a3ce929d0e0e4736"), ("trace", b"\0" * 1_000), ("trace", None),
    ("", b"x"), ("cursor", b"\xc1"), ("media_ms", b"yesterday"), ("\u202e", b""),
)  # fmt: skip
KEYS = (None, b"", b"\xff\xfe", b"k" * 10_000, b"somebody else", b"\x00")
RULES = (
    b"", b"[[rule]]", b"\xff\xfe", b"[" * 10_000, b"a = " + b"[" * 10_000, b"a = 1", b"rule = 5",
    b"[[rule]]\nname = 'x'\ndo = 'pin'\nplace = 1e999",
    b"[[rule]]\nname = 'bury'\ndo = 'bury'\nfactor = 0.5\n[rule.match]\ntag = 't'",
    b"[[rule]]\nname = 'pin'\ndo = 'pin'\nplace = 1\n[rule.match]\nitem_ids = ['\\u202etxet']",
    b"[[rule]]\nname = 'cap'\ndo = 'cap'\nat_most = 0\neach = 'tag'\n[rule.when]\nhours = [23, 25]", None,
)  # fmt: skip


class _Head(msgspec.Struct):
    """What keys are made of."""

    user_id: str = ""
    item_id: str = ""
    request_id: str = ""


_head = msgspec.json.Decoder(list[_Head] | _Head).decode
_encode = msgspec.json.Encoder().encode


class Message(NamedTuple):
    """What is sent, and how."""

    topic: str
    value: bytes | None
    key: bytes | None
    partition: int
    """-1: the key's own."""
    headers: list[tuple[str, str | bytes | None]]
    mutation: Mutation | None
    """By which it was made; None: a file of rules."""


def messages(seed: int, partitions: int) -> Iterator[Message]:
    """Messages without end."""
    rng = Random(seed)
    sampler = Sampler(rng)
    kinds = {topic: EVERY + OF_MEDIA if topic == "media" else EVERY for topic in STRUCTS}
    topics, shares = list(SHARES), list(SHARES.values())
    while True:
        if rng.random() < RULES_SHARE:
            yield Message("rules", rng.choice(RULES), b"rules", 0, [], None)
            continue
        (topic,) = rng.choices(topics, shares)
        (mutation,) = rng.choices(kinds[topic], [kind.weight for kind in kinds[topic]])
        value = mutation.make(rng, sampler, topic)
        yield Message(topic, value, *_around(rng, topic, _key_of(topic, value, rng), partitions), mutation)


def _key_of(topic: str, value: bytes | None, rng: Random) -> bytes:
    """The key that a record ought to have, as far as it can be read; else somebody's."""
    try:
        found = _head(value or b"")
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError):
        found = []
    head = (found[0] if found else _Head()) if isinstance(found, list) else found
    named = head.item_id if topic == "media" else head.user_id or head.request_id
    somebody = f"item-{rng.randrange(ITEMS)}" if topic == "media" else f"user-{rng.randrange(USERS)}"
    return (named or somebody).encode()


def _around(
    rng: Random, topic: str, key: bytes, partitions: int
) -> tuple[bytes | None, int, list[tuple[str, str | bytes | None]]]:
    count = 4 if topic == "media" else partitions
    return (
        rng.choice(KEYS) if rng.random() < LIE_SHARE else key,
        rng.randrange(count) if rng.random() < LIE_SHARE else -1,
        rng.choices(HEADERS, k=rng.choice((1, 2, 50))) if rng.random() < LIE_SHARE else [],
    )


def honest(seed: int) -> Iterator[tuple[str, bytes]]:
    """Events of honest users without end: who, and the record."""
    rng = Random(seed)
    number = 0
    while True:
        user_id = f"honest-{rng.randrange(HONEST_USERS)}"
        item_id = f"honest-item-{rng.randrange(HONEST_ITEMS)}"
        event = Interaction(user_id, item_id, rng.choice(("click", "purchase", "view")), f"honest-{number}")
        yield user_id, _encode(event)
        number += 1
