"""What is done to valid records: each mutation by name, and what has to become of its messages."""

import base64
import json
import struct
from collections.abc import Callable
from random import Random
from typing import NamedTuple

import msgspec

from streams.fuzz.samples import STRUCTS, Fields, Sampler
from streams.fuzz.values import (
    ANYTHING,
    BAD_IDS,
    BAD_TIMES,
    DEEP,
    HUGE,
    NOT_NUMBERS,
    ODD_IDS,
    ODD_TIMES,
    PNG_HEAD,
)
from streams.fuzz.writing import Pairs, Raw, write


class Mutation(NamedTuple):
    """One way in which messages are made."""

    name: str
    make: Callable[[Random, Sampler, str], bytes | None]
    """From a topic, a message's value."""
    weight: float = 1.0
    refused: bool | None = None
    """Whether all, or none, of its messages have to be refused, by the way they are made; None: it depends."""


def _with(fields: Fields, name: str, value: object) -> bytes:
    return write(fields | {name: value})


def _required(topic: str) -> list[str]:
    return [field.name for field in msgspec.structs.fields(STRUCTS[topic]) if field.required]


def _ids(topic: str) -> list[str]:
    return [name for name in _required(topic) if name.endswith("_id")]


def _valid(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return write(sampler.record(topic))


def _reordered(rng: Random, sampler: Sampler, topic: str) -> bytes:
    members = list(sampler.record(topic).items())
    rng.shuffle(members)
    return write(Pairs(members))


def _escaped(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return json.dumps(sampler.record(topic), indent=rng.choice((None, 0, 7))).encode()


def _odd_id(rng: Random, sampler: Sampler, topic: str) -> bytes:
    found = rng.choice(ODD_IDS)
    # Erased users' states cannot be foretold: they are others.
    if topic == "erasures":
        found = "gone" + found[:128]
    return _with(sampler.record(topic), rng.choice(_ids(topic)), found)


def _bad_id(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return _with(sampler.record(topic), rng.choice(_ids(topic)), rng.choice(BAD_IDS))


def _missing(rng: Random, sampler: Sampler, topic: str) -> bytes:
    fields = sampler.record(topic)
    del fields[rng.choice(_required(topic))]
    return write(fields)


def _unknown_field(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return _with(sampler.record(topic), rng.choice(("valeu", "", "__proto__", "user_id ", "a.b")), 1)


def _later_schema(rng: Random, sampler: Sampler, topic: str) -> bytes:
    later = {"schema_version": rng.choice((2, 10**6, 2**63, 10**30)), "hue": rng.choice(ANYTHING)}
    return write(sampler.record(topic) | later)


def _wrong_type(rng: Random, sampler: Sampler, topic: str) -> bytes:
    name = rng.choice(STRUCTS[topic].__struct_fields__)
    return _with(sampler.record(topic), name, rng.choice(ANYTHING))


def _not_a_number(rng: Random, sampler: Sampler, topic: str) -> bytes:
    name = rng.choice(STRUCTS[topic].__struct_fields__)
    return _with(sampler.record(topic), name, Raw(rng.choice(NOT_NUMBERS)))


def _huge_number(rng: Random, sampler: Sampler, topic: str) -> bytes:
    fields, name = sampler.record(topic), rng.choice(STRUCTS[topic].__struct_fields__)
    number = rng.choice(HUGE)
    return _with(fields, name, {"n": number} if name in ("context", "attributes") else number)


def _bad_time(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return _with(sampler.record(topic), "timestamp_ms", rng.choice(BAD_TIMES))


def _odd_time(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return _with(sampler.record(topic), "timestamp_ms", rng.choice(ODD_TIMES))


def _duplicate_keys(rng: Random, sampler: Sampler, topic: str) -> bytes:
    members = list(sampler.record(topic).items())
    return write(Pairs(members + rng.choices(members, k=2)))


def _deep(rng: Random, sampler: Sampler, topic: str) -> bytes:
    value = Raw(rng.choice((b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP)))
    if rng.random() < 0.2:
        return bytes(value)
    return _with(sampler.record(topic), rng.choice((*STRUCTS[topic].__struct_fields__, "deep")), value)


def _large(rng: Random, sampler: Sampler, topic: str) -> bytes:
    size = rng.choice((10_000, 100_000, 900_000))
    value = rng.choice(("x" * size, ["t"] * (size // 4), {f"k{n}": n for n in range(size // 16)}))
    return _with(sampler.record(topic), rng.choice(STRUCTS[topic].__struct_fields__), value)


def _cut(rng: Random, sampler: Sampler, topic: str) -> bytes:
    whole = _valid(rng, sampler, topic)
    return whole[: rng.randrange(1, len(whole))]


def _trailing(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return _valid(rng, sampler, topic) + rng.choice((b"}", b"x", b"\x00", b"{}", b",", b"\xff"))


def _flipped(rng: Random, sampler: Sampler, topic: str) -> bytes:
    damaged = bytearray(_valid(rng, sampler, topic))
    for _ in range(rng.randint(1, 3)):
        damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
    return bytes(damaged)


def _random_bytes(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return b"\xfe" + rng.randbytes(rng.randrange(200))


def _msgpack(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return msgspec.msgpack.encode(sampler.record(topic))


def _utf_16(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return _valid(rng, sampler, topic).decode().encode("utf-16")


def _scalar(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return rng.choice((b"5", b"null", b'"text"', b"true", b"[5]", b"[null]", b"[[]]", b" ", b"{}"))


def _empty(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return b""


def _tombstone(rng: Random, sampler: Sampler, topic: str) -> None:
    return None


def _packed(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return write([sampler.record(topic) for _ in range(rng.randint(1, 8))])


def _packed_bad(rng: Random, sampler: Sampler, topic: str) -> bytes:
    records: list[object] = [sampler.record(topic) for _ in range(rng.randint(1, 5))]
    records.insert(rng.randrange(len(records) + 1), rng.choice((5, None, {}, [], {"user_id": 1})))
    return write(records)


def _packed_size(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return b"[]" if rng.random() < 0.9 else b"[" + b",".join([b"1"] * 10_001) + b"]"


def _one_user(rng: Random, sampler: Sampler, topic: str) -> bytes:
    """Many events of one user, or patches of one item, in one message."""
    named = {"item_id": "item-0"} if topic == "media" else {"user_id": sampler.user_id(topic)}
    fields = sampler.record(topic)
    return write([(sampler.record(topic) | named) if topic != "requests" else fields for _ in range(200)])


def _many_tags(rng: Random, sampler: Sampler, topic: str) -> bytes:
    return write({"item_id": f"item-{rng.randrange(10)}", "tags": [f"tag-{n}" for n in range(2_000)]})


def _medium(rng: Random, sampler: Sampler, topic: str) -> bytes:
    """Files that are none, or that claim to be far larger than they are."""
    size = struct.pack(">II", rng.choice((1, 65_535, 2**31 - 1)), rng.choice((1, 65_535, 2**31 - 1)))
    bomb = PNG_HEAD + b"\x00\x00\x00\rIHDR" + size + b"\x08\x06\x00\x00\x00" + rng.randbytes(40)
    data = rng.choice(
        ("%%%", "aGVsbG8", base64.b64encode(bomb).decode(), base64.b64encode(rng.randbytes(99)).decode())
    )
    return write(
        {"item_id": f"pictured-{rng.randrange(500)}", rng.choice(("image", "audio", "video")): {"data": data}}
    )


EVERY = (
    Mutation("valid", _valid, 30, refused=False),
    Mutation("members in any order", _reordered, 4, refused=False),
    Mutation("escaped and indented", _escaped, 4, refused=False),
    Mutation("odd ids", _odd_id, 6, refused=False),
    Mutation("odd times", _odd_time, 4, refused=False),
    Mutation("names twice", _duplicate_keys, 3, refused=False),
    Mutation("a packed message", _packed, 2, refused=False),
    Mutation("wrong ids", _bad_id, 6, refused=True),
    Mutation("a field missing", _missing, 4, refused=True),
    Mutation("an unknown field", _unknown_field, 4, refused=True),
    Mutation("a later schema", _later_schema, 3),
    Mutation("a value of another type", _wrong_type, 8),
    Mutation("no JSON number", _not_a_number, 4, refused=True),
    Mutation("a huge number", _huge_number, 5),
    Mutation("wrong times", _bad_time, 4, refused=True),
    Mutation("10,000 levels", _deep, 1, refused=True),
    Mutation("large values", _large, 0.03),
    Mutation("cut off", _cut, 4, refused=True),
    Mutation("garbage behind it", _trailing, 4, refused=True),
    Mutation("flipped bits", _flipped, 6),
    Mutation("random bytes", _random_bytes, 3, refused=True),
    Mutation("msgpack", _msgpack, 2, refused=True),
    Mutation("UTF-16", _utf_16, 1, refused=True),
    Mutation("no object", _scalar, 3, refused=True),
    Mutation("no bytes", _empty, 2, refused=True),
    Mutation("no value", _tombstone, 2),
    Mutation("one bad of a pack", _packed_bad, 2, refused=True),
    Mutation("a pack of no size", _packed_size, 1, refused=True),
    Mutation("200 of one", _one_user, 0.05),
)
OF_MEDIA = (
    Mutation("2,000 tags", _many_tags, 0.5, refused=False),
    Mutation("files that are none", _medium, 5, refused=False),
)
