import msgspec

from streams.publications import Spaces, decode_spaces, encode_spaces


def test_tastes_of_earlier_versions_are_passed_over_and_they_pass_over_ours() -> None:
    words = {"epoch": 1, "generation": 2, "served": {"text": "t"}, "tower": "x"}
    assert decode_spaces(msgspec.msgpack.encode(words | {"taste": b"of another form"})).taste == b""
    ours = encode_spaces(Spaces(1, 2, {"text": "t"}, "x", b"by kinds"))
    assert decode_spaces(ours).taste == b"by kinds"
    assert msgspec.msgpack.decode(ours).keys() == words.keys() | {"taste_by_kinds"}
