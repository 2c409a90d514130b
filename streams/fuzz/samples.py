"""Valid records of the public structs, made from what the structs say of themselves."""

from random import Random
from typing import Any

import msgspec
from msgspec import inspect

from streams.events import Erasure, Interaction, Media, Request

Fields = dict[str, Any]
STRUCTS: dict[str, type[msgspec.Struct]] = {
    "interactions": Interaction,
    "media": Media,
    "requests": Request,
    "erasures": Erasure,
}
"""What clients write, by topic."""
USERS = 2_000
ITEMS = 3_000
"""So many are made up, so that what workers keep of them is soon all there."""
GONE = 100
"""Users that erasures are of; the others' states can be foretold."""
OPTIONAL_SHARE = 0.3
"""Of records that have a certain field which they need not have."""
WORDS = ("lamp", "desk", "bread", "butter", "red", "Straße", "日本語", "ünïcödé", "")
_TRIES = 1_000


class Sampler:
    """Draws valid records. The same seed, the same records."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._types = {topic: inspect.type_info(struct) for topic, struct in STRUCTS.items()}

    def record(self, topic: str) -> Fields:
        """The fields of a valid record."""
        struct, kind = STRUCTS[topic], self._types[topic]
        assert isinstance(kind, inspect.StructType)
        for _ in range(_TRIES):
            fields = self._fields(kind)
            try:
                # What fields forbid one another, no schema says.
                msgspec.convert(fields, struct)
            except msgspec.ValidationError:
                continue
            return fields | self._user(topic, fields)
        msg = f"no valid record of {topic} in {_TRIES} tries: does one of its fields forbid most others?"
        raise AssertionError(msg)

    def user_id(self, topic: str) -> str:
        """Somebody's id."""
        is_gone = topic == "erasures" or self._rng.random() < 0.02
        return f"gone-{self._rng.randrange(GONE)}" if is_gone else f"user-{self._rng.randrange(USERS)}"

    def _user(self, topic: str, fields: Fields) -> Fields:
        return {"user_id": self.user_id(topic)} if fields.get("user_id") is not None else {}

    def _fields(self, kind: inspect.StructType) -> Fields:
        return {
            field.encode_name: self._value(field.encode_name, field.type)
            for field in kind.fields
            if field.required or (field.name != "schema_version" and self._rng.random() < OPTIONAL_SHARE)
        }

    def _value(self, name: str, kind: inspect.Type) -> Any:  # noqa: ANN401, PLR0911  # any JSON, by its type
        rng = self._rng
        match kind:
            case inspect.UnionType():
                return self._value(name, rng.choice(kind.types))
            case inspect.LiteralType():
                return rng.choice(kind.values)
            case inspect.StrType():
                return self._text(name)
            case inspect.BoolType():
                return rng.random() < 0.5
            case inspect.IntType():
                least = kind.ge or 0
                return rng.randint(least, least + 1_000 if kind.le is None else kind.le)
            case inspect.FloatType():
                low, high = kind.ge or kind.gt or 0.0, 1_000.0 if kind.le is None else kind.le
                return round(rng.uniform(max(low, -1e6), min(high, 1e6)), 3)
            case inspect.ListType():
                most = 4 if kind.max_length is None else min(4, kind.max_length)
                return [self._value(name, kind.item_type) for _ in range(rng.randint(0, most))]
            case inspect.DictType():
                return {f"k{n}": self._value("", kind.value_type) for n in range(rng.randint(0, 3))}
            case inspect.StructType():
                return self._fields(kind)
            case _:
                return None

    def _text(self, name: str) -> str:
        rng = self._rng
        if name in ("item_id", "recent_item_ids", "exclude"):
            return f"item-{min(int(rng.expovariate(0.005)), ITEMS - 1)}"
        if name in ("request_id", "event_id", "list_id"):
            return f"{name}-{rng.getrandbits(64):016x}"
        if name == "url":
            return rng.choice(URLS)
        return " ".join(rng.choices(WORDS, k=3)) + "." if name != "format" else "jpeg"


URLS = (
    "file:///etc/passwd", "http://127.0.0.1:1/", "http://169.254.169.254/latest", "gopher://localhost/", "https://",
    "x", "http://[::1]/a.png", "data:image/png;base64,iVBORw0KGgo=", "http://fuzz.invalid/a.png",
)  # fmt: skip
"""None of which may be reached."""
