from streams.embeddings import Embedded, Embedding
from streams.item_spaces import ItemSpaces


def embedding(item_id: str, **names: str) -> Embedding:
    return Embedding(item_id, {modality: Embedded("hash", name, b"v") for modality, name in names.items()})


def test_the_first_space_met_is_served_where_none_was() -> None:
    spaces = ItemSpaces({})
    spaces.take(b"a", embedding("a", text="old"))
    assert spaces.served == {"text": "old"}
    assert spaces.complete() == {}


def test_a_new_space_is_complete_when_every_item_is_in_it() -> None:
    spaces = ItemSpaces({"text": "old", "image": "eye"})
    for key in "abc":
        spaces.take(key.encode(), embedding(key, text="old", image="eye"))
    for key in "ab":
        spaces.take(key.encode(), embedding(key, text="new", image="eye"))
        assert spaces.complete() == {}
    spaces.take(b"c", embedding("c", text="new", image="eye"))
    assert spaces.complete() == {"text": "new"}


def test_a_deleted_item_does_not_hold_up_the_change() -> None:
    spaces = ItemSpaces({"text": "old"})
    spaces.take(b"a", embedding("a", text="old"))
    spaces.take(b"b", embedding("b", text="new"))
    assert spaces.complete() == {}
    spaces.take(b"a", None)
    assert spaces.complete() == {"text": "new"}


def test_nor_does_one_that_the_new_encoder_cannot_read() -> None:
    spaces = ItemSpaces({"text": "old"})
    spaces.take(b"a", embedding("a", text="old"))
    spaces.take(b"b", embedding("b", text="new"))
    spaces.take(b"a", Embedding("a", {"text": Embedded("hash", "new", b"", "cannot be read")}))
    assert spaces.complete() == {"text": "new"}


def test_an_item_is_behind_while_one_of_its_vectors_is_not_served() -> None:
    spaces = ItemSpaces({"text": "old", "image": "eye"})
    assert not spaces.is_behind(embedding("a", text="old", image="eye"))
    assert spaces.is_behind(embedding("a", text="new", image="eye"))
    assert not spaces.is_behind(Embedding("a", {"text": Embedded("hash", "new", b"", "cannot be read")}))


def test_a_change_that_is_held_up_says_by_how_many_items() -> None:
    spaces = ItemSpaces({"text": "old", "image": "eye"})
    for key in "abc":
        spaces.take(key.encode(), embedding(key, text="old", image="eye"))
    assert spaces.behind() == {}
    spaces.take(b"a", embedding("a", text="new", image="eye"))
    assert spaces.behind() == {"text": 2}
    # A worker with the old encoder goes on.
    spaces.take(b"d", embedding("d", text="old"))
    assert spaces.behind() == {"text": 3}
    for key in "bcd":
        spaces.take(key.encode(), embedding(key, text="new"))
    assert spaces.behind() == {"text": 0}
    spaces.served |= spaces.complete()
    assert spaces.behind() == {}


def test_of_several_new_spaces_the_largest_is_meant() -> None:
    spaces = ItemSpaces({"text": "old"})
    for key, name in (("a", "old"), ("b", "older"), ("c", "new"), ("d", "new")):
        spaces.take(key.encode(), embedding(key, text=name))
    assert spaces.behind() == {"text": 2}
