"""What no client should write, and what is to become of it."""

import json
from typing import Any, NamedTuple

GOOD: dict[str, Any] = {"user_id": "brave", "item_id": "i", "action": "click"}
BINARY = b"\xff\x00\xfe"


class Hostile(NamedTuple):
    """A message that is refused."""

    name: str
    topic: str
    value: Any
    code: str
    path: str
    key: bytes | None = b"brave"
    place: int = 0
    headers: dict[str, bytes] | None = None
    refused: bytes | None = None
    """The part of the value that the dead letter holds; None: all of it."""


class Unnamed(str):
    """A header's name that kafka-python sends as bytes which are no text."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:  # as str's
        return b"\xff\xfe"


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


EVERY = [
    Hostile("empty", "interactions", b"", "empty", "$"),
    Hostile("tombstone", "interactions", None, "empty", "$"),
    Hostile("tombstone without a key", "interactions", None, "empty", "$", None),
    Hostile("binary", "interactions", BINARY, "malformed", "$", BINARY),
    Hostile("cut off", "interactions", b'{"user_id":"brave"', "malformed", "$"),
    Hostile("nested", "interactions", b"[" * 100_000, "malformed", "$"),
    Hostile("number", "interactions", 5, "invalid", "$"),
    Hostile("text", "interactions", "click", "invalid", "$"),
    Hostile("no item", "interactions", {"user_id": "brave", "action": "click"}, "invalid", "$"),
    Hostile("no such action", "interactions", GOOD | {"action": "clock"}, "invalid", "$.action"),
    Hostile("typing error", "interactions", GOOD | {"valeu": 1}, "unknown_field", "$.valeu"),
    Hostile("too early", "interactions", GOOD | {"timestamp_ms": -1}, "invalid", "$.timestamp_ms"),
    Hostile("empty id", "interactions", GOOD | {"user_id": ""}, "invalid", "$.user_id"),
    Hostile("long id", "interactions", GOOD | {"item_id": "i" * 257}, "invalid", "$.item_id"),
    Hostile("huge action", "interactions", GOOD | {"action": "x" * 900_000}, "invalid", "$.action"),
    Hostile("huge field name", "interactions", GOOD | {"x" * 900_000: 1}, "unknown_field", "$." + "x" * 1022),
    Hostile("huge key", "interactions", b"{", "malformed", "$", b"k" * 900_000),
    Hostile("nothing packed", "interactions", [], "packed_size", "$"),
    Hostile("too much packed", "interactions", [1] * 10_001, "packed_size", "$"),
    Hostile(
        "one bad of three", "interactions", [GOOD, GOOD | {"value": "x"}, GOOD], "invalid", "$[1].value",
        place=1, refused=_json(GOOD | {"value": "x"}),
    ),
    Hostile("media: empty", "media", None, "empty", "$", None),
    Hostile("media: binary", "media", BINARY, "malformed", "$"),
    Hostile("media: typing error", "media", {"item_id": "m", "titel": "T"}, "unknown_field", "$.titel"),
    Hostile("media: no text", "media", {"item_id": "m", "title": 5}, "invalid", "$.title"),
    Hostile("media: tombstone, no text", "media", None, "invalid", "$", BINARY, refused=BINARY),
    Hostile("media: tombstone, huge key", "media", None, "invalid", "$", b"\xff" * 900_000, refused=b"\xff" * 262_144),
    Hostile("request: binary", "requests", BINARY, "malformed", "$"),
    Hostile("request: too many", "requests", {"request_id": "r", "k": 101}, "invalid", "$.k"),
    Hostile("request: no such kind", "requests", {"request_id": "r", "kind": "guess"}, "invalid", "$.kind"),
    Hostile("request: huge header", "requests", {"request_id": "r"}, "too_large", "$", headers={"h": b"x" * 200_000}),
]  # fmt: skip
