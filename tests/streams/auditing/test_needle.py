import base64
import json

import msgspec
import pytest

from streams.auditing.needle import Needle

ID = "user-012"


@pytest.mark.parametrize(
    "value",
    [
        json.dumps({"user_id": ID}).encode(),
        json.dumps({"seen": {f"by:{ID}": 1}}).encode(),
        json.dumps([[{"deep": [ID]}]]).encode(),
        json.dumps({"value_b64": base64.b64encode(b'{"user_id":"user-012","x').decode()}).encode(),
        rb'{"a":"\u0075ser-012"}',
        msgspec.msgpack.encode({"a": [1, {"b": ID}]}),
        msgspec.msgpack.encode([1, msgspec.msgpack.encode({"user": ID})]),
        msgspec.msgpack.encode([b"\x00\xc1" + ID.encode() + b"\x00"]),
        b'{"cut off": "user-012',
        ID.encode(),
    ],
)
def test_it_is_found_however_it_is_packed(value: bytes) -> None:
    assert Needle(ID).in_value(value)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b'{"user_id":"user-0123"}',
        b'{"user_id":"super-user-01"}',
        msgspec.msgpack.encode(["user-01", "xuser-012"]),
        b"\xc1\x00",
    ],
)
def test_others_are_not_taken_for_it(value: bytes) -> None:
    assert not Needle(ID).in_value(value)


def test_json_may_write_any_letter_by_its_number_and_what_is_packed_never_does() -> None:
    needle = Needle(ID)
    assert needle.may_be_in(b'\n ["\\u0075ser-012"]')
    assert needle.in_value(b'\n ["\\u0075ser-012"]')
    assert not needle.may_be_in(msgspec.msgpack.encode([b"\xc1\\u"]))


def test_a_bare_number_is_not_part_of_an_items_id_and_bytes_hold_short_ids_by_chance() -> None:
    needle = Needle("12")
    assert not needle.in_value(b'{"item_id":"item-12"}')
    assert needle.in_value(b'{"user_id":"12"}')
    assert not needle.in_value(msgspec.msgpack.encode([b"\xc1\x0012\x00"]))


@pytest.mark.parametrize("user_id", ["a.b", "ü", 'quo"te', "back\\slash", "(", "\u200b\u202e"])
def test_ids_are_taken_as_they_are(user_id: str) -> None:
    for escaped in (True, False):
        value = json.dumps({"user_id": user_id}, ensure_ascii=escaped).encode()
        assert Needle(user_id).in_value(value)
    assert not Needle("a.b").in_value(b'{"user_id":"axb"}')
